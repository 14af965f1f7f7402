/* SPDX-License-Identifier: Apache-2.0 */
/* Text on a surface, by pango. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "paper/sheet.h"

/* Vietnamese capitals carry two marks; this leaves them room without looking spread. */
#define PEN_LINE_FACTOR 1.2F

#ifdef __SANITIZE_ADDRESS__
/* Fontconfig 2.14 loses one pattern of its own configuration, once a process. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig.so";
}
const char *__lsan_default_options(void);
__attribute__((visibility("default"))) const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

void pen_open(struct pen *n, cairo_surface_t *surface)
{
	cairo_font_options_t *options = cairo_font_options_create();

	n->cr = cairo_create(surface);
	n->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(n->map), 72.0);
	n->context = pango_font_map_create_context(n->map);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(n->context, options);
	pango_context_set_round_glyph_positions(n->context, FALSE);
	pango_context_set_language(n->context, pango_language_from_string("vi"));
	cairo_font_options_destroy(options);
	n->layout = pango_layout_new(n->context);
	pango_layout_set_line_spacing(n->layout, PEN_LINE_FACTOR);
}

void pen_close(struct pen *n)
{
	if (n->layout != NULL)
		g_object_unref(n->layout);
	if (n->context != NULL)
		g_object_unref(n->context);
	if (n->map != NULL)
		g_object_unref(n->map);
	if (n->cr != NULL)
		cairo_destroy(n->cr);
	memset(n, 0, sizeof(*n));
}

static void pen_bold(PangoAttrList *list, size_t from, size_t to)
{
	PangoAttribute *bold = pango_attr_weight_new(PANGO_WEIGHT_BOLD);

	bold->start_index = (guint)from;
	bold->end_index = (guint)to;
	pango_attr_list_insert(list, bold);
}

/* text without its ** marks; what stands between two of them becomes bold. */
static char *pen_take_marks(const char *text, PangoAttrList *list)
{
	char *plain = mem_strdup(text), *out = plain;
	size_t from = 0;
	bool open = false;

	for (const char *s = text; *s != '\0';) {
		const char *close = s[0] == '*' && s[1] == '*' ? strstr(s + 2, "**") : NULL;

		if (s[0] != '*' || s[1] != '*' || (!open && close == NULL)) {
			*out++ = *s++;
			continue;
		}
		if (open)
			pen_bold(list, from, (size_t)(out - plain));
		open = !open;
		from = (size_t)(out - plain);
		s += 2;
	}
	*out = '\0';
	return plain;
}

double pen_set(struct pen *n, const struct pen_style *s, const char *text, double width,
	       int max_lines)
{
	PangoFontDescription *font = pango_font_description_from_string(SHEET_FONT);
	PangoAttrList *list = pango_attr_list_new();
	char *plain = pen_take_marks(text, list);
	int height;

	/* a word that is too long is cut, never hyphenated: Vietnamese knows no such thing */
	pango_attr_list_insert(list, pango_attr_insert_hyphens_new(FALSE));

	pango_font_description_set_absolute_size(font, s->pt * PANGO_SCALE);
	pango_font_description_set_weight(font,
					  s->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_font_description_set_style(font,
					 s->italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
	pango_layout_set_font_description(n->layout, font);
	pango_layout_set_width(n->layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
	pango_layout_set_wrap(n->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_alignment(n->layout, s->align);
	pango_layout_set_justify(n->layout, s->justify);
	pango_layout_set_indent(n->layout, (int)(s->indent * PANGO_SCALE));
	pango_layout_set_height(n->layout, max_lines > 0 ? -max_lines : -1);
	pango_layout_set_ellipsize(n->layout,
				   max_lines > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	pango_layout_set_attributes(n->layout, list);
	pango_layout_set_text(n->layout, plain, -1);
	pango_layout_get_size(n->layout, NULL, &height);
	pango_attr_list_unref(list);
	pango_font_description_free(font);
	free(plain);
	return (double)height / PANGO_SCALE;
}

void pen_show(struct pen *n, double x, double y)
{
	cairo_move_to(n->cr, x, y);
	pango_cairo_show_layout(n->cr, n->layout);
}

void pen_label(struct pen *n, const struct pen_style *s, const char *text, double x, double y)
{
	int width;

	(void)pen_set(n, s, text, 0, 0);
	pango_layout_get_size(n->layout, &width, NULL);
	if (s->align == PANGO_ALIGN_CENTER)
		x -= (double)width / PANGO_SCALE / 2;
	else if (s->align == PANGO_ALIGN_RIGHT)
		x -= (double)width / PANGO_SCALE;
	pen_show(n, x, y);
}
