/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/clock.h"
#include "dispatch/outbox.h"

#define FIELD(name) .key = #name, .offset = offsetof(struct dispatch_config, name)

static const struct conf_field dispatch_fields[] = {
    {FIELD(senders), .type = CONF_INT, .fallback = "1", .min = 1, .max = 16,
     .help = "threads that talk to providers"},
    {FIELD(batch), .type = CONF_INT, .fallback = "200", .min = 1, .max = 2000,
     .help = "messages taken from the queue together"},
    {FIELD(max_attempts), .type = CONF_INT, .fallback = "8", .min = 1, .max = 100,
     .help = "tries of a message that was not sent, before an officer has to decide"},
    {FIELD(backoff), .type = CONF_DURATION, .fallback = "60s", .min = 1, .max = CLOCK_HOUR_MS,
     .help = "wait before the second try; before the n-th further one n times n as long"},
    {FIELD(receipt_silence), .type = CONF_DURATION, .fallback = "72h", .min = CLOCK_SECOND_MS,
     .max = 30 * CLOCK_DAY_MS,
     .help = "after so long without a delivery receipt none is waited for"},
    {FIELD(settle_after), .type = CONF_DURATION, .fallback = "10m", .min = 1,
     .max = CLOCK_DAY_MS, .help = "wait before an uncertain message is settled"},
    {FIELD(ask_silent), .type = CONF_DURATION, .fallback = "6h", .min = CLOCK_SECOND_MS,
     .max = 30 * CLOCK_DAY_MS,
     .help = "a provider that can be asked is asked about messages without a receipt after"},
    {FIELD(halt_after), .type = CONF_INT, .fallback = "50", .min = 1, .max = 1000000,
     .help = "texts refused in a row that halt their campaign"},
    {FIELD(health), .type = CONF_OBJECT, .table = &health_config_table,
     .help = "when a provider's share of its channel changes"},
    {.key = NULL},
};

const struct conf_table dispatch_config_table = {"dispatch", sizeof(struct dispatch_config),
						 dispatch_fields};
