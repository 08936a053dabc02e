// SPDX-License-Identifier: GPL-2.0

//! Links the kernel's own `bitfield.rs` and `num.rs` into the build, from the tree that `make setup`
//! prepared. They are used as they are: a copy would go stale, and what the tests see must be what
//! the module gets.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const SOURCES: [&str; 3] = ["bitfield.rs", "num.rs", "num/bounded.rs"];

fn main() {
    println!("cargo:rerun-if-env-changed=RGVT_CACHE");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(CONFIG_RUST_BITFIELD_KUNIT_TEST)");
    println!("cargo:rustc-check-cfg=cfg(CONFIG_RUST_KERNEL_DOCTESTS)");
    let kernel = cache().join("kernel/default/tree/rust/kernel");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::create_dir_all(out.join("num")).expect("OUT_DIR can be written");
    for source in SOURCES {
        let from = kernel.join(source);
        assert!(
            from.exists(),
            "{} is missing: make it with: make setup",
            from.display()
        );
        println!("cargo:rerun-if-changed={}", from.display());
        link(&from, &out.join(source)).expect("OUT_DIR can be written");
    }
    fs::write(out.join("kernel.rs"), "pub mod bitfield;\npub mod num;\n")
        .expect("OUT_DIR can be written");
}

/// Where `make setup` keeps things; the scripts find it the same way.
fn cache() -> PathBuf {
    if let Some(cache) = env::var_os("RGVT_CACHE") {
        return cache.into();
    }
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/root".into()));
    base.unwrap_or_else(|| home().join(".cache")).join("rgvt")
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(from, to)
}
