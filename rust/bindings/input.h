/* SPDX-License-Identifier: GPL-2.0 */
/* What bindgen reads; the file "parameters" says what it takes from here. */

#include <generated/utsrelease.h>

#include "intel_device_info.h"
#include "intel_gvt.h"

#include <rgvt/helpers.h>
