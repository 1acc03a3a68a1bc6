/* SPDX-License-Identifier: MIT */
/* The SLAB design against the model: slab_model.h. */
#define DESIGN	"slab"
#include "slab_model.h"
