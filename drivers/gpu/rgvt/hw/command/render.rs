// SPDX-License-Identifier: GPL-2.0

//! Commands of the 3D, media and GPGPU pipelines. Opcodes are the upper half of the header.
//!
//! But for PIPE_CONTROL their addresses are in the address space of the context.

use super::{table, Engines, Length, Operation, Row};

const fn one(opcode: u16) -> Row {
    Row::local(Engines::RENDER, opcode, opcode, Length::ONE).unit()
}

/// Commands with a length field of `bits`.
const fn state(first: u16, last: u16, bits: u8) -> Row {
    Row::local(Engines::RENDER, first, last, Length::field(bits)).unit()
}

const PIPE_CONTROL: Row = Row::on(
    Engines::RENDER,
    0x7a00,
    Length::exactly(6),
    Operation::PipeControl,
);

/// i915 has it in a batch that runs while a context is restored (intel_lrc.c: `gen9_init_indirectctx_bb`).
const MEDIA_POOL_STATE: Row = Row::local(Engines::RENDER, 0x7005, 0x7005, Length::field(16));

pub(super) const ROWS: [Row; 31] = table([
    state(0x6003, 0x6003, 8), // STATE_PREFETCH
    // STATE_BASE_ADDRESS, STATE_SIP, SWTESS_BASE_ADDRESS, GPGPU_CSR_BASE_ADDRESS.
    state(0x6101, 0x6104, 8),
    one(0x680b), // 3DSTATE_VF_STATISTICS
    one(0x6904), // PIPELINE_SELECT
    // MEDIA_VFE_STATE, MEDIA_CURBE_LOAD, MEDIA_INTERFACE_DESCRIPTOR_LOAD, MEDIA_GATEWAY_STATE,
    // MEDIA_STATE_FLUSH.
    state(0x7000, 0x7004, 16),
    MEDIA_POOL_STATE,
    state(0x7100, 0x7100, 16),        // MEDIA_OBJECT
    state(0x7102, 0x7103, 16),        // MEDIA_OBJECT_PRT, MEDIA_OBJECT_WALKER
    state(0x7105, 0x7105, 8),         // GPGPU_WALKER
    state(0x7106, 0x7106, 16).gen9(), // MEDIA_OBJECT_GRPID
    // 3DSTATE_CLEAR_PARAMS, _DEPTH_BUFFER, _STENCIL_BUFFER, _HIER_DEPTH_BUFFER, _VERTEX_BUFFERS,
    // _VERTEX_ELEMENTS, _INDEX_BUFFER.
    state(0x7804, 0x780a, 8),
    // 3DSTATE_VF to _SCISSOR_STATE_POINTERS (0x780f), the shader stages and their constants to _PS
    // (0x7820), _VIEWPORT_STATE_POINTERS_SF_CLIP.
    state(0x780c, 0x7821, 8),
    // 3DSTATE_VIEWPORT_STATE_POINTERS_CC, _BLEND_ and _DEPTH_STENCIL_STATE_POINTERS, binding tables
    // (0x7826) and samplers (0x782b) of the stages, _URB_* (0x7830), _GATHER_CONSTANT_* (0x7834).
    state(0x7823, 0x7838, 8),
    state(0x7839, 0x783a, 11), // 3DSTATE_DX9_CONSTANTF_VS, _PS
    state(0x783b, 0x7842, 8),  // 3DSTATE_DX9_CONSTANTI_VS to _GENERATE_ACTIVE_PS
    state(0x7843, 0x7847, 9),  // 3DSTATE_BINDING_TABLE_EDIT_*
    // 3DSTATE_VF_INSTANCING, _VF_SGVS, _VF_TOPOLOGY, _WM_CHROMAKEY, _PS_BLEND, _WM_DEPTH_STENCIL,
    // _PS_EXTRA, _RASTER, _SBE_SWIZ, _WM_HZ_OP.
    state(0x7849, 0x7852, 8),
    state(0x7854, 0x7854, 8),        // 3DSTATE_RS_CONSTANT_POINTER
    state(0x7855, 0x7855, 8).gen9(), // 3DSTATE_VF_COMPONENT_PACKING
    state(0x7900, 0x7900, 8),        // 3DSTATE_DRAWING_RECTANGLE
    state(0x7902, 0x7902, 8),        // 3DSTATE_SAMPLER_PALETTE_LOAD0
    state(0x7904, 0x7904, 8),        // 3DSTATE_CHROMA_KEY
    // 3DSTATE_POLY_STIPPLE_OFFSET, _POLY_STIPPLE_PATTERN, _LINE_STIPPLE.
    state(0x7906, 0x7908, 8),
    // 3DSTATE_AA_LINE_PARAMETERS, _GS_SVB_INDEX, _SAMPLER_PALETTE_LOAD1.
    state(0x790a, 0x790c, 8),
    state(0x7911, 0x7911, 8), // 3DSTATE_MONOFILTER_SIZE
    state(0x7912, 0x7916, 8), // 3DSTATE_PUSH_CONSTANT_ALLOC_*
    state(0x7917, 0x7917, 9), // 3DSTATE_SO_DECL_LIST
    // 3DSTATE_SO_BUFFER, _BINDING_TABLE_POOL_ALLOC, _GATHER_POOL_ALLOC,
    // _DX9_CONSTANT_BUFFER_POOL_ALLOC, _SAMPLE_PATTERN.
    state(0x7918, 0x791c, 8),
    state(0x791d, 0x791d, 8), // 3DSTATE_URB_CLEAR
    PIPE_CONTROL,
    state(0x7b00, 0x7b00, 8), // 3DPRIMITIVE
]);
