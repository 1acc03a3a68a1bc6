/* SPDX-License-Identifier: MIT */
/*
 * Line editor for a serial terminal that may know nothing but characters.
 *
 * Ideas
 *   Shadow   what stands on the terminal behind the prompt is kept in
 *            shown[]. After each key the wanted picture is computed anew and
 *            compared with it, and only what differs is sent:
 *
 *                shown   vellum> cat mminfo
 *                wanted  vellum> cat meminfo      first difference at 5:
 *                sent                 eminfo\b\b\b\b\b
 *
 *            So no editing function draws, and drawing needs no case for
 *            insert, delete, recall or completion.
 *   Dumb     the cursor goes left by backspace and right by printing again
 *            what is there; text is erased by spaces. No escape sequence is
 *            sent but by Ctrl-L, which asks for one.
 *   View     a line longer than the terminal is wide is shown through a
 *            window that moves by half its width; < and > mark what is cut:
 *
 *                vellum> <e 0xc0000000 and so on up to here, and much mo>
 *
 * Keys      Ctrl-A/E or Home/End, Ctrl-B/F or left/right, Ctrl-P/N or
 *           up/down, Backspace, Delete or Ctrl-D, Ctrl-K/U/W (kill to the
 *           end, to the start, a word), Ctrl-L, Ctrl-C, Tab, Enter.
 *
 * Invariants (line_check in tests/host)
 *   L1  cursor <= len < LINE_SIZE, text[len] is NUL.
 *   L2  the cursor is inside the window.
 *   L3  no two lines of the history are equal, none is blank.
 *
 * Locks     none: one thread edits a line.
 *
 * Questions a reader asks
 *   Why not a line that wraps?  Whether the terminal wraps at column 80,
 *   and where its cursor then is, differs between terminals.
 */
#include <kernel/line_edit.h>
#include <lib/string.h>

#define CTRL(c)		((c) & 0x1f)
#define KEY_ESCAPE	0x1b
#define KEY_DELETE	0x7f

enum escape_state { ESCAPE_NONE, ESCAPE_SEEN, ESCAPE_SEQUENCE };

static void
line_write(struct line_edit *ed, const char *text, size_t len)
{
	if (len)
		ed->ops->write(text, len, ed->ops->arg);
}

static void
line_bell(struct line_edit *ed)
{
	line_write(ed, "\a", 1);
}

/* Move the terminal's cursor to column `to` behind the prompt. */
static void
line_move(struct line_edit *ed, unsigned to)
{
	while (ed->shown_cursor > to) {
		line_write(ed, "\b", 1);
		ed->shown_cursor--;
	}
	line_write(ed, ed->shown + ed->shown_cursor, to - ed->shown_cursor);
	ed->shown_cursor = to;
}

/* Columns of the window: the last one stays free, so nothing wraps. */
static unsigned
line_width(const struct line_edit *ed)
{
	return LINE_COLUMNS - 1 - (unsigned)strlen(ed->prompt);
}

/* Move the window so that the cursor is inside it, off the marked edges. */
static void
line_scroll(struct line_edit *ed, unsigned width)
{
	unsigned half = width / 2;

	if (ed->len < width)
		ed->view = 0;
	else if (ed->view && ed->cursor <= ed->view)
		ed->view = ed->cursor > half ? ed->cursor - half : 0;
	else if (ed->cursor >= ed->view + width - 1)
		ed->view = ed->cursor - half;
}

/* Compute the wanted picture into want; returns its length. */
static unsigned
line_picture(const struct line_edit *ed, char *want, unsigned width)
{
	unsigned n = min(ed->len - ed->view, width);

	memcpy(want, ed->text + ed->view, n);
	if (ed->view)
		want[0] = '<';
	if (ed->view + n < ed->len)
		want[n - 1] = '>';
	return n;
}

/* Make the terminal show the line: send what differs. */
static void
line_refresh(struct line_edit *ed)
{
	char want[LINE_COLUMNS];
	unsigned width = line_width(ed);
	unsigned n, first = 0, old = ed->shown_len;

	line_scroll(ed, width);
	n = line_picture(ed, want, width);
	while (first < n && first < old && want[first] == ed->shown[first])
		first++;
	if (first < max(n, old)) {
		line_move(ed, first);
		memcpy(ed->shown + first, want + first, n - first);
		if (old > n)
			memset(ed->shown + n, ' ', old - n);
		line_move(ed, max(n, old));
		ed->shown_len = n;
	}
	line_move(ed, ed->cursor - ed->view);
}

/* The terminal's line is empty: draw prompt and line from nothing. */
static void
line_redraw(struct line_edit *ed)
{
	line_write(ed, ed->prompt, strlen(ed->prompt));
	ed->shown_len = 0;
	ed->shown_cursor = 0;
	line_refresh(ed);
}

/*
 * Prepare ed, with an empty history. prompt and ops stay the caller's.
 */
void
line_init(struct line_edit *ed, const char *prompt, const struct line_ops *ops)
{
	memset(ed, 0, sizeof(*ed));
	ed->prompt = prompt;
	ed->ops = ops;
}

/*
 * Print the prompt and begin an empty line.
 */
void
line_start(struct line_edit *ed)
{
	ed->text[0] = '\0';
	ed->len = 0;
	ed->cursor = 0;
	ed->view = 0;
	ed->browse = ed->nr_history;
	ed->escape = ESCAPE_NONE;
	line_redraw(ed);
}

/* Insert n characters at the cursor; those that do not fit are refused. */
static void
line_insert(struct line_edit *ed, const char *text, unsigned n)
{
	if (ed->len + n >= LINE_SIZE) {
		line_bell(ed);
		return;
	}
	memmove(ed->text + ed->cursor + n, ed->text + ed->cursor,
		ed->len - ed->cursor + 1);
	memcpy(ed->text + ed->cursor, text, n);
	ed->len += n;
	ed->cursor += n;
}

/* Remove [from, to) of the text; the cursor goes to from. */
static void
line_cut(struct line_edit *ed, unsigned from, unsigned to)
{
	memmove(ed->text + from, ed->text + to, ed->len - to + 1);
	ed->len -= to - from;
	ed->cursor = from;
}

/* Where the word left of the cursor begins, for Ctrl-W. */
static unsigned
line_word_start(const struct line_edit *ed)
{
	unsigned i = ed->cursor;

	while (i && ed->text[i - 1] == ' ')
		i--;
	while (i && ed->text[i - 1] != ' ')
		i--;
	return i;
}

static bool
line_is_blank(const char *text)
{
	while (*text == ' ')
		text++;
	return *text == '\0';
}

/*
 * Remember text as the newest line; an older equal one is dropped, and so
 * is the oldest when there is no room.
 */
void
line_history_add(struct line_edit *ed, const char *text)
{
	unsigned i;

	if (line_is_blank(text))
		return;
	for (i = 0; i < ed->nr_history; i++) {
		if (strcmp(ed->history[i], text) == 0)
			break;
	}
	if (i == ed->nr_history && i == LINE_HISTORY)
		i = 0;
	if (i < ed->nr_history) {
		ed->nr_history--;
		memmove(ed->history[i], ed->history[i + 1],
			(ed->nr_history - i) * LINE_SIZE);
	}
	strscpy(ed->history[ed->nr_history++], text, LINE_SIZE);
}

/* Show line `to` of the history, keeping what was typed as the draft. */
static void
line_browse(struct line_edit *ed, unsigned to)
{
	if (to > ed->nr_history) {	/* also wrapped below 0 */
		line_bell(ed);
		return;
	}
	if (ed->browse == ed->nr_history)
		strscpy(ed->draft, ed->text, LINE_SIZE);
	ed->browse = to;
	strscpy(ed->text, to == ed->nr_history ? ed->draft : ed->history[to],
		LINE_SIZE);
	ed->len = (unsigned)strlen(ed->text);
	ed->cursor = ed->len;
}

/* Print the candidates for the word at start, in columns of 20. */
static void
line_list(struct line_edit *ed, unsigned start)
{
	static const char blanks[] = "                    ";
	const char *word = ed->text + start, *c;
	unsigned n, len, pad = 0, column = 0, word_len = ed->cursor - start;

	line_write(ed, "\n", 1);
	for (n = 0; (c = ed->ops->candidate(ed->text, start, n,
					    ed->ops->arg)); n++) {
		if (strncmp(c, word, word_len) != 0)
			continue;
		len = (unsigned)strlen(c);
		if (column + pad + len >= LINE_COLUMNS) {
			line_write(ed, "\n", 1);
			column = 0;
			pad = 0;
		}
		line_write(ed, blanks, pad);
		line_write(ed, c, len);
		column += pad + len;
		pad = 20 - column % 20;
	}
	line_write(ed, "\n", 1);
	line_redraw(ed);
}

/* Complete the word at the cursor as far as it is certain, or list. */
static void
line_complete(struct line_edit *ed)
{
	unsigned start = ed->cursor, n, common = 0, matches = 0, word_len;
	const char *c, *first = NULL;

	while (start && ed->text[start - 1] != ' ')
		start--;
	word_len = ed->cursor - start;
	for (n = 0; ed->ops->candidate &&
	     (c = ed->ops->candidate(ed->text, start, n, ed->ops->arg)); n++) {
		if (strncmp(c, ed->text + start, word_len) != 0)
			continue;
		if (!matches++) {
			first = c;
			common = (unsigned)strlen(c);
		}
		while (strncmp(c, first, common) != 0)
			common--;
	}
	if (!matches) {
		line_bell(ed);
		return;
	}
	if (common > word_len || matches == 1) {
		line_insert(ed, first + word_len, common - word_len);
		if (matches == 1 && ed->text[ed->cursor] != ' ')
			line_insert(ed, " ", 1);
		return;
	}
	line_list(ed, start);
}

/* The end of an escape sequence arrived: ESC [ param final, or ESC O final. */
static void
line_escape_key(struct line_edit *ed, char final)
{
	switch (final) {
	case 'A':
		line_browse(ed, ed->browse - 1);
		break;
	case 'B':
		line_browse(ed, ed->browse + 1);
		break;
	case 'C':
		ed->cursor += ed->cursor < ed->len;
		break;
	case 'D':
		ed->cursor -= ed->cursor > 0;
		break;
	case 'H':
		ed->cursor = 0;
		break;
	case 'F':
		ed->cursor = ed->len;
		break;
	case '~':
		if (ed->param == '1' || ed->param == '7')
			ed->cursor = 0;
		else if (ed->param == '4' || ed->param == '8')
			ed->cursor = ed->len;
		else if (ed->param == '3' && ed->cursor < ed->len)
			line_cut(ed, ed->cursor, ed->cursor + 1);
		break;
	}
}

/*
 * Take c as part of an escape sequence; false when it is none. A control
 * character is never part of one: Enter after a lone Escape is Enter.
 */
static bool
line_escape(struct line_edit *ed, char c)
{
	if ((u8)c < 0x20)
		ed->escape = ESCAPE_NONE;
	switch (ed->escape) {
	case ESCAPE_SEEN:
		ed->escape = c == '[' || c == 'O' ? ESCAPE_SEQUENCE
						  : ESCAPE_NONE;
		ed->param = 0;
		return true;
	case ESCAPE_SEQUENCE:
		if (c >= 0x20 && c < 0x40) {
			ed->param = c;
			return true;
		}
		ed->escape = ESCAPE_NONE;
		line_escape_key(ed, c);
		return true;
	}
	if (c == KEY_ESCAPE)
		ed->escape = ESCAPE_SEEN;
	return c == KEY_ESCAPE;
}

/* Keys that change the line. */
static void
line_edit_key(struct line_edit *ed, char c)
{
	switch (c) {
	case CTRL('H'):
	case KEY_DELETE:
		if (ed->cursor)
			line_cut(ed, ed->cursor - 1, ed->cursor);
		else
			line_bell(ed);
		break;
	case CTRL('D'):
		if (ed->cursor < ed->len)
			line_cut(ed, ed->cursor, ed->cursor + 1);
		break;
	case CTRL('K'):
		line_cut(ed, ed->cursor, ed->len);
		break;
	case CTRL('U'):
		line_cut(ed, 0, ed->cursor);
		break;
	case CTRL('W'):
		line_cut(ed, line_word_start(ed), ed->cursor);
		break;
	case '\t':
		line_complete(ed);
		break;
	default:
		if (c >= 0x20 && c < KEY_DELETE)
			line_insert(ed, &c, 1);
		else
			line_bell(ed);
	}
}

/* Keys that move, and the rest. */
static void
line_key(struct line_edit *ed, char c)
{
	switch (c) {
	case CTRL('A'):
		ed->cursor = 0;
		break;
	case CTRL('E'):
		ed->cursor = ed->len;
		break;
	case CTRL('B'):
		ed->cursor -= ed->cursor > 0;
		break;
	case CTRL('F'):
		ed->cursor += ed->cursor < ed->len;
		break;
	case CTRL('P'):
		line_browse(ed, ed->browse - 1);
		break;
	case CTRL('N'):
		line_browse(ed, ed->browse + 1);
		break;
	case CTRL('L'):
		line_write(ed, "\033[H\033[2J", 7);
		line_redraw(ed);
		break;
	default:
		line_edit_key(ed, c);
	}
}

/*
 * Take one byte of input; draw what it changed.
 * Returns LINE_DONE when it was Enter (the line is in text, and in the
 * history), LINE_CANCEL for Ctrl-C, else LINE_MORE.
 */
enum line_event
line_feed(struct line_edit *ed, char c)
{
	bool after_cr = ed->after_cr;

	ed->after_cr = c == '\r';
	if (c == '\n' && after_cr)
		return LINE_MORE;
	if (c == CTRL('C')) {
		line_move(ed, min(ed->shown_len, line_width(ed) - 2));
		line_write(ed, "^C\n", 3);
		return LINE_CANCEL;
	}
	if (line_escape(ed, c)) {
		line_refresh(ed);
		return LINE_MORE;
	}
	if (c == '\r' || c == '\n') {
		line_move(ed, ed->shown_len);
		line_write(ed, "\n", 1);
		line_history_add(ed, ed->text);
		return LINE_DONE;
	}
	line_key(ed, c);
	line_refresh(ed);
	return LINE_MORE;
}
