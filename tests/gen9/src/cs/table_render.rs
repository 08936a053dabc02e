// SPDX-License-Identifier: GPL-2.0

//! The render engine's 3D, media and GPGPU commands, sorted by code. They set state that nobody
//! looks at, since nothing is rendered; only their lengths matter. Cycles are estimates.

use super::decode::Action::{Draw, PipeControl, Skip};
use super::decode::Length::{Field, Fixed};
use super::decode::{Command, Engines};

/// `code` is the upper half of the header, `bits` the width of the length field.
const fn field(code: u32, name: &'static str, bits: u8) -> Command {
    Command {
        code: code << 16,
        name,
        engines: Engines::RCS,
        length: Field(bits),
        action: Skip,
        privileged: false,
        cycles: 8,
    }
}

const fn state(code: u32, name: &'static str) -> Command {
    field(code, name, 8)
}

/// One that starts the shaders.
const fn work(code: u32, name: &'static str) -> Command {
    Command {
        cycles: 1000,
        ..field(code, name, 16)
    }
}

/// One that can be predicated off, besides.
const fn draw(code: u32, name: &'static str) -> Command {
    Command {
        action: Draw,
        length: Field(8),
        ..work(code, name)
    }
}

pub static RENDER: [Command; 120] = [
    state(0x6003, "STATE_PREFETCH"),
    state(0x6101, "STATE_BASE_ADDRESS"),
    state(0x6102, "STATE_SIP"),
    state(0x6103, "SWTESS_BASE_ADDRESS"),
    state(0x6104, "GPGPU_CSR_BASE_ADDRESS"),
    Command {
        length: Fixed(1),
        ..state(0x680b, "3DSTATE_VF_STATISTICS")
    },
    Command {
        length: Fixed(1),
        ..state(0x6904, "PIPELINE_SELECT")
    },
    field(0x7000, "MEDIA_VFE_STATE", 16),
    field(0x7001, "MEDIA_CURBE_LOAD", 16),
    field(0x7002, "MEDIA_INTERFACE_DESCRIPTOR_LOAD", 16),
    field(0x7003, "MEDIA_GATEWAY_STATE", 16),
    field(0x7004, "MEDIA_STATE_FLUSH", 16),
    field(0x7005, "MEDIA_POOL_STATE", 16),
    work(0x7100, "MEDIA_OBJECT"),
    work(0x7102, "MEDIA_OBJECT_PRT"),
    work(0x7103, "MEDIA_OBJECT_WALKER"),
    draw(0x7105, "GPGPU_WALKER"),
    work(0x7106, "MEDIA_OBJECT_GRPID"),
    state(0x7804, "3DSTATE_CLEAR_PARAMS"),
    state(0x7805, "3DSTATE_DEPTH_BUFFER"),
    state(0x7806, "3DSTATE_STENCIL_BUFFER"),
    state(0x7807, "3DSTATE_HIER_DEPTH_BUFFER"),
    state(0x7808, "3DSTATE_VERTEX_BUFFERS"),
    state(0x7809, "3DSTATE_VERTEX_ELEMENTS"),
    state(0x780a, "3DSTATE_INDEX_BUFFER"),
    state(0x780c, "3DSTATE_VF"),
    state(0x780d, "3DSTATE_MULTISAMPLE"),
    state(0x780e, "3DSTATE_CC_STATE_POINTERS"),
    state(0x780f, "3DSTATE_SCISSOR_STATE_POINTERS"),
    state(0x7810, "3DSTATE_VS"),
    state(0x7811, "3DSTATE_GS"),
    state(0x7812, "3DSTATE_CLIP"),
    state(0x7813, "3DSTATE_SF"),
    state(0x7814, "3DSTATE_WM"),
    state(0x7815, "3DSTATE_CONSTANT_VS"),
    state(0x7816, "3DSTATE_CONSTANT_GS"),
    state(0x7817, "3DSTATE_CONSTANT_PS"),
    state(0x7818, "3DSTATE_SAMPLE_MASK"),
    state(0x7819, "3DSTATE_CONSTANT_HS"),
    state(0x781a, "3DSTATE_CONSTANT_DS"),
    state(0x781b, "3DSTATE_HS"),
    state(0x781c, "3DSTATE_TE"),
    state(0x781d, "3DSTATE_DS"),
    state(0x781e, "3DSTATE_STREAMOUT"),
    state(0x781f, "3DSTATE_SBE"),
    state(0x7820, "3DSTATE_PS"),
    state(0x7821, "3DSTATE_VIEWPORT_STATE_POINTERS_SF_CLIP"),
    state(0x7823, "3DSTATE_VIEWPORT_STATE_POINTERS_CC"),
    state(0x7824, "3DSTATE_BLEND_STATE_POINTERS"),
    state(0x7825, "3DSTATE_DEPTH_STENCIL_STATE_POINTERS"),
    state(0x7826, "3DSTATE_BINDING_TABLE_POINTERS_VS"),
    state(0x7827, "3DSTATE_BINDING_TABLE_POINTERS_HS"),
    state(0x7828, "3DSTATE_BINDING_TABLE_POINTERS_DS"),
    state(0x7829, "3DSTATE_BINDING_TABLE_POINTERS_GS"),
    state(0x782a, "3DSTATE_BINDING_TABLE_POINTERS_PS"),
    state(0x782b, "3DSTATE_SAMPLER_STATE_POINTERS_VS"),
    state(0x782c, "3DSTATE_SAMPLER_STATE_POINTERS_HS"),
    state(0x782d, "3DSTATE_SAMPLER_STATE_POINTERS_DS"),
    state(0x782e, "3DSTATE_SAMPLER_STATE_POINTERS_GS"),
    state(0x782f, "3DSTATE_SAMPLER_STATE_POINTERS_PS"),
    state(0x7830, "3DSTATE_URB_VS"),
    state(0x7831, "3DSTATE_URB_HS"),
    state(0x7832, "3DSTATE_URB_DS"),
    state(0x7833, "3DSTATE_URB_GS"),
    state(0x7834, "3DSTATE_GATHER_CONSTANT_VS"),
    state(0x7835, "3DSTATE_GATHER_CONSTANT_GS"),
    state(0x7836, "3DSTATE_GATHER_CONSTANT_HS"),
    state(0x7837, "3DSTATE_GATHER_CONSTANT_DS"),
    state(0x7838, "3DSTATE_GATHER_CONSTANT_PS"),
    field(0x7839, "3DSTATE_DX9_CONSTANTF_VS", 11),
    field(0x783a, "3DSTATE_DX9_CONSTANTF_PS", 11),
    state(0x783b, "3DSTATE_DX9_CONSTANTI_VS"),
    state(0x783c, "3DSTATE_DX9_CONSTANTI_PS"),
    state(0x783d, "3DSTATE_DX9_CONSTANTB_VS"),
    state(0x783e, "3DSTATE_DX9_CONSTANTB_PS"),
    state(0x783f, "3DSTATE_DX9_LOCAL_VALID_VS"),
    state(0x7840, "3DSTATE_DX9_LOCAL_VALID_PS"),
    state(0x7841, "3DSTATE_DX9_GENERATE_ACTIVE_VS"),
    state(0x7842, "3DSTATE_DX9_GENERATE_ACTIVE_PS"),
    field(0x7843, "3DSTATE_BINDING_TABLE_EDIT_VS", 9),
    field(0x7844, "3DSTATE_BINDING_TABLE_EDIT_GS", 9),
    field(0x7845, "3DSTATE_BINDING_TABLE_EDIT_HS", 9),
    field(0x7846, "3DSTATE_BINDING_TABLE_EDIT_DS", 9),
    field(0x7847, "3DSTATE_BINDING_TABLE_EDIT_PS", 9),
    state(0x7849, "3DSTATE_VF_INSTANCING"),
    state(0x784a, "3DSTATE_VF_SGVS"),
    state(0x784b, "3DSTATE_VF_TOPOLOGY"),
    state(0x784c, "3DSTATE_WM_CHROMAKEY"),
    state(0x784d, "3DSTATE_PS_BLEND"),
    state(0x784e, "3DSTATE_WM_DEPTH_STENCIL"),
    state(0x784f, "3DSTATE_PS_EXTRA"),
    state(0x7850, "3DSTATE_RASTER"),
    state(0x7851, "3DSTATE_SBE_SWIZ"),
    state(0x7852, "3DSTATE_WM_HZ_OP"),
    state(0x7854, "3DSTATE_RS_CONSTANT_POINTER"),
    state(0x7855, "3DSTATE_VF_COMPONENT_PACKING"),
    state(0x7900, "3DSTATE_DRAWING_RECTANGLE"),
    state(0x7902, "3DSTATE_SAMPLER_PALETTE_LOAD0"),
    state(0x7904, "3DSTATE_CHROMA_KEY"),
    state(0x7906, "3DSTATE_POLY_STIPPLE_OFFSET"),
    state(0x7907, "3DSTATE_POLY_STIPPLE_PATTERN"),
    state(0x7908, "3DSTATE_LINE_STIPPLE"),
    state(0x790a, "3DSTATE_AA_LINE_PARAMETERS"),
    state(0x790b, "3DSTATE_GS_SVB_INDEX"),
    state(0x790c, "3DSTATE_SAMPLER_PALETTE_LOAD1"),
    state(0x7911, "3DSTATE_MONOFILTER_SIZE"),
    state(0x7912, "3DSTATE_PUSH_CONSTANT_ALLOC_VS"),
    state(0x7913, "3DSTATE_PUSH_CONSTANT_ALLOC_HS"),
    state(0x7914, "3DSTATE_PUSH_CONSTANT_ALLOC_DS"),
    state(0x7915, "3DSTATE_PUSH_CONSTANT_ALLOC_GS"),
    state(0x7916, "3DSTATE_PUSH_CONSTANT_ALLOC_PS"),
    field(0x7917, "3DSTATE_SO_DECL_LIST", 9),
    state(0x7918, "3DSTATE_SO_BUFFER"),
    state(0x7919, "3DSTATE_BINDING_TABLE_POOL_ALLOC"),
    state(0x791a, "3DSTATE_GATHER_POOL_ALLOC"),
    state(0x791b, "3DSTATE_DX9_CONSTANT_BUFFER_POOL_ALLOC"),
    state(0x791c, "3DSTATE_SAMPLE_PATTERN"),
    state(0x791d, "3DSTATE_URB_CLEAR"),
    Command {
        action: PipeControl,
        cycles: 64,
        ..field(0x7a00, "PIPE_CONTROL", 8)
    },
    draw(0x7b00, "3DPRIMITIVE"),
];
