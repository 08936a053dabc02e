// SPDX-License-Identifier: GPL-2.0

//! The first message: both sides tell what they can do.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use vmm_sys_util::errno::Error as Errno;

use super::dma::MAX_WINDOWS;
use super::proto::{Fields, MAX_DATA, MAX_FDS, invalid};
use crate::addr::PAGE_SIZE;

/// The only major version there is.
const MAJOR: u16 = 0;

/// JSON text that a client may send with its version; QEMU's has about 200 bytes.
const MAX_JSON: usize = 4096;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClientVersion {
    capabilities: Map<String, Value>,
}

/// What the server answers to the version message `request`: the payload of the reply.
///
/// The reply names only capabilities that the client named, as the protocol demands; the values
/// are the server's own limits.
///
/// # Errors
/// `EINVAL` for a message that is malformed, `EPROTONOSUPPORT` for another major version.
pub fn negotiate(request: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut fields = Fields::new(request);
    let (major, _minor) = (fields.u16()?, fields.u16()?);
    if major != MAJOR {
        return Err(Errno::new(libc::EPROTONOSUPPORT));
    }
    let client = match fields.rest() {
        [] => ClientVersion::default(),
        [json @ .., 0] if json.len() <= MAX_JSON => {
            serde_json::from_slice(json).map_err(|_| invalid())?
        }
        _ => return Err(invalid()),
    };
    let ours = [
        ("max_msg_fds", json!(MAX_FDS)),
        ("max_data_xfer_size", json!(MAX_DATA)),
        ("max_dma_maps", json!(MAX_WINDOWS)),
        ("pgsizes", json!(PAGE_SIZE)),
        ("write_multiple", json!(true)),
    ];
    let capabilities: Map<String, Value> = ours
        .into_iter()
        .filter(|(name, _)| client.capabilities.contains_key(*name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    // Minor 0 holds all that is used here, and no client can have proposed less.
    let mut reply = Vec::from([0u8; 4]);
    reply.extend_from_slice(
        json!({ "capabilities": capabilities })
            .to_string()
            .as_bytes(),
    );
    reply.push(0);
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> Vec<u8> {
        let mut bytes = vec![0, 0, 1, 0];
        bytes.extend_from_slice(json.as_bytes());
        bytes
    }

    #[test]
    fn only_what_the_client_named_is_answered() {
        let json = r#"{"capabilities":{"max_msg_fds":8,"migration":{"pgsize":4096}}}"#;
        let reply = negotiate(&request(&format!("{json}\0"))).unwrap();
        assert_eq!(&reply[4..], b"{\"capabilities\":{\"max_msg_fds\":16}}\0");
    }

    #[test]
    fn no_json_is_well() {
        assert!(negotiate(&request("")).is_ok());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "\0",
            "{}",
            "[1]\0",
            "{\"capabilities\":3}\0",
            "{\0}\0",
            "\u{1}\0",
        ] {
            assert_eq!(negotiate(&request(text)).err(), Some(invalid()), "{text:?}");
        }
        let long = format!("{}{{}}\0", " ".repeat(MAX_JSON));
        assert_eq!(negotiate(&request(&long)).err(), Some(invalid()));
        assert_eq!(negotiate(&[0]).err(), Some(invalid()));
    }

    #[test]
    fn another_major_is_refused() {
        assert_eq!(
            negotiate(&[1, 0, 0, 0]).err(),
            Some(Errno::new(libc::EPROTONOSUPPORT))
        );
    }
}
