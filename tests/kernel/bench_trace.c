/* SPDX-License-Identifier: MIT */
/* What an event costs when it is recorded, and with its call stack. */
#include <kernel/bench.h>
#include <mm/trace_ring.h>

#ifndef VELLUM_NO_TRACE

/* kfree is an event that nothing else here causes. */
static void
event(struct bench *b, trace_mask_t events)
{
	if (trace_events || trace_start(events))
		return;
	BENCH_LOOP(b, trace_kfree(TRACE_CALLER, b));
	trace_release();
}

static void
event_alone(struct bench *b)
{
	event(b, TRACE_BIT(kfree));
}

static void
event_with_stack(struct bench *b)
{
	event(b, TRACE_BIT(kfree) | TRACE_BIT(kernel_stack));
}

static void
event_off(struct bench *b)
{
	event(b, TRACE_BIT(page_fault_kernel));
}

BENCH_SUITE("trace",
	    BENCH_CASE("event that is off", event_off),
	    BENCH_CASE("event that is on", event_alone),
	    BENCH_CASE("event with call stack", event_with_stack));

#endif
