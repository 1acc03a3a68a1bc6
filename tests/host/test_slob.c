/* SPDX-License-Identifier: MIT */
/* The SLOB design against the model: slab_model.h. */
#define DESIGN	"slob"
#include "slab_model.h"
