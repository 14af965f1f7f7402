/* SPDX-License-Identifier: Apache-2.0 */
#include "text/legacy_tables.h"

#include <stddef.h>
#include <string.h>

#include "text/vi.h"

/* Bytes 0x80 … 0xFF of each, a row of 16 a line; '_' means nothing. TCVN3 and VNI are fonts on
 * top of Windows, whose punctuation (0x80 … 0x9F) they leave in place. */
/* clang-format off */
#define LEGACY_WINDOWS_80                                                                      \
	"€_‚ƒ„…†‡ˆ‰Š‹Œ_Ž_"                                                                     \
	"_‘’“”•–—˜™š›œ_žŸ"

static const char legacy_cp1252[] =
	LEGACY_WINDOWS_80
	"\u00A0¡¢£¤¥¦§¨©ª«¬\u00AD®¯"
	"°±²³´µ¶·¸¹º»¼½¾¿"
	"ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ"
	"ÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß"
	"àáâãäåæçèéêëìíîï"
	"ðñòóôõö÷øùúûüýþÿ";

static const char legacy_tcvn3[] =
	LEGACY_WINDOWS_80
	"\u00A0ĂÂÊÔƠƯĐăâêôơưđ_"
	"_____àảãáạ_ằẳẵắ_"
	"______ặầẩẫấậè_ẻẽ"
	"éẹềểễếệìỉ___ĩíịò"
	"_ỏõóọồổỗốộờởỡớợù"
	"_ủũúụừửữứựỳỷỹýỵ_";

/* Letters of their own; marks, which follow a letter, are in legacy_vni_marks. */
static const char legacy_vni[] =
	LEGACY_WINDOWS_80
	"\u00A0¡¢£¤¥¦§¨©ª«¬\u00AD®¯"
	"°±²³´µ¶·¸¹º»¼½¾¿"
	"______Ỉ_____ÌÍỴ_"
	"_ĐỊĨƠ_Ư_________"
	"______ỉ_____ìíỵ_"
	"_địĩơ_ư_________";

static const char legacy_viscii[] =
	"ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"
	"ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
	"Õắằặấầẩậẽẹếềểễệố"
	"ồổỗỠƠộờởịỰỨỪỬơớƯ"
	"ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"
	"ĐứÒÓÔạỷừửÙÚỹỵÝỡư"
	"àáâãảăữẫèéêẻìíĩỉ"
	"đựòóôõỏọụùúũủýợỮ";

static const char legacy_vps[] =
	"ÀẢÃẤẦẨọỗĂếềểệẮẰẲ"
	"Ế__ỀỂỄỐỒỔ_ýỷỵỚỜỞ"
	"_ắằẳẵặỠớÙờởỡŨỨợỪ"
	"ổỬỲỸÍÌộỈĨÓửữÒỎÕự"
	"ầÁÂấẩẫậđẻÉÊẹỉễịỹ"
	"ƯỦồốÔỏơÈừứÚũưÝẺ_"
	"àáâãảạă_èéêẽìí_ĩ"
	"ẴĐòóôõ_Ơụùúủ_ỶẼỳ";

/* A tone is a byte after its letter. */
static const char legacy_cp1258[] =
	"€_‚ƒ„…†‡ˆ‰_‹Œ___"
	"_‘’“”•–—˜™_›œ__Ÿ"
	"\u00A0¡¢£¤¥¦§¨©ª«¬\u00AD®¯"
	"°±²³´µ¶·¸¹º»¼½¾¿"
	"ÀÁÂĂÄÅÆÇÈÉÊË\u0300ÍÎÏ"
	"ĐÑ\u0309ÓÔƠÖ×ØÙÚÛÜƯ\u0303ß"
	"àáâăäåæçèéêë\u0301íîï"
	"đñ\u0323óôơö÷øùúûüư₫ÿ";
/* clang-format on */

/* Letters of VISCII and VPS among the controls. */
struct legacy_low {
	unsigned char byte;
	uint16_t cp;
};
static const struct legacy_low legacy_viscii_low[] = {
    {0x02, 0x1EB2 /* Ẳ */},
    {0x05, 0x1EB4 /* Ẵ */},
    {0x06, 0x1EAA /* Ẫ */},
    {0x14, 0x1EF6 /* Ỷ */},
    {0x19, 0x1EF8 /* Ỹ */},
    {0x1E, 0x1EF4 /* Ỵ */},
    {0, 0},
};
static const struct legacy_low legacy_vps_low[] = {
    {0x02, 0x1EA0 /* Ạ */}, {0x03, 0x1EAC /* Ậ */}, {0x04, 0x1EB6 /* Ặ */},
    {0x05, 0x1EB8 /* Ẹ */}, {0x06, 0x1EC6 /* Ệ */}, {0x10, 0x1ECA /* Ị */},
    {0x11, 0x1ECC /* Ọ */}, {0x12, 0x1ED8 /* Ộ */}, {0x13, 0x1EE2 /* Ợ */},
    {0x14, 0x1EE4 /* Ụ */}, {0x15, 0x1EF0 /* Ự */}, {0x19, 0x1EF4 /* Ỵ */},
    {0x1C, 0x1EAA /* Ẫ */}, {0x1D, 0x1EEE /* Ữ */}, {0, 0},
};

/* Small ones; after capitals they stand 0x20 lower. */
static const struct {
	unsigned char byte;
	uint16_t quality, tone;
} legacy_vni_marks[] = {
    {0xF8, 0, 0x0300},	    {0xFB, 0, 0x0309},	    {0xF5, 0, 0x0303},
    {0xF9, 0, 0x0301},	    {0xEF, 0, 0x0323},	    {0xEA, 0x0306, 0},
    {0xE8, 0x0306, 0x0300}, {0xFA, 0x0306, 0x0309}, {0xFC, 0x0306, 0x0303},
    {0xE9, 0x0306, 0x0301}, {0xEB, 0x0306, 0x0323}, {0xE2, 0x0302, 0},
    {0xE0, 0x0302, 0x0300}, {0xE5, 0x0302, 0x0309}, {0xE3, 0x0302, 0x0303},
    {0xE1, 0x0302, 0x0301}, {0xE4, 0x0302, 0x0323},
};

static const struct {
	const char *high;
	const struct legacy_low *low;
} legacy_sources[ENCODING_COUNT + 1] = {
    [ENCODING_TCVN3] = {legacy_tcvn3, NULL},
    [ENCODING_VNI] = {legacy_vni, NULL},
    [ENCODING_VISCII] = {legacy_viscii, legacy_viscii_low},
    [ENCODING_VPS] = {legacy_vps, legacy_vps_low},
    [ENCODING_CP1258] = {legacy_cp1258, NULL},
    [ENCODING_COUNT] = {legacy_cp1252, NULL},
};

void legacy_table(enum encoding enc, uint32_t table[256])
{
	const char *s = legacy_sources[enc].high;
	const struct legacy_low *low = legacy_sources[enc].low;

	for (uint32_t b = 0; b < 0x80; b++)
		table[b] = b;
	for (unsigned b = 0x80; b < 0x100; b++) {
		s += vi_utf8_next(s, 4, &table[b]);
		if (table[b] == '_')
			table[b] = 0;
	}
	for (; low != NULL && low->byte != 0; low++)
		table[low->byte] = low->cp;
}

bool legacy_vni_mark(unsigned char byte, uint32_t marks[2])
{
	for (size_t i = 0; i < sizeof(legacy_vni_marks) / sizeof(legacy_vni_marks[0]); i++) {
		if (legacy_vni_marks[i].byte != (byte | 0x20))
			continue;
		marks[0] = legacy_vni_marks[i].quality;
		marks[1] = legacy_vni_marks[i].tone;
		return true;
	}
	return false;
}

int legacy_cp1252_byte(uint32_t cp)
{
	uint32_t c;

	/* five bytes have no character; programs pass them through */
	if (cp < 0x100 && (cp < 0x80 || cp >= 0xA0 || cp == 0x81 || cp == 0x8D || cp == 0x8F ||
			   cp == 0x90 || cp == 0x9D))
		return (int)cp;
	for (int b = 0x80, at = 0; b < 0xA0; b++) {
		at += (int)vi_utf8_next(legacy_cp1252 + at, 4, &c);
		if (c == cp)
			return b;
	}
	return -1;
}
