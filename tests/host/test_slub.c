/* SPDX-License-Identifier: MIT */
/* The SLUB design against the model: slab_model.h. */
#define DESIGN	"slub"
#include "slab_model.h"
