// What stands on the page of a message, and what is lit in it.

import assert from "node:assert/strict";

/** A message's fields, each before its parts: the order of the rows. */
export function flat(fields) {
  return fields.flatMap((f) => [f, ...flat(f.parts)]);
}

/** The messages among events. */
export function messages(events) {
  return events.filter((e) => e.event === "message");
}

/** The file that the page offers, which it carries in itself. */
export async function data(page) {
  const [, encoded] = (await page.locator("a.download").getAttribute("href")).split("data:application/json;base64,");
  return JSON.parse(Buffer.from(encoded, "base64").toString());
}

/** The ids of the messages in a section. */
export function ids(page, section) {
  return page.locator(`#${section} details.message`).evaluateAll((all) => all.map((m) => m.id));
}

/** Opens every message of a section. */
export function openAll(page, section) {
  return page.locator(`#${section} details.message`).evaluateAll((all) => all.forEach((m) => (m.open = true)));
}

/**
 * A message as it stands on the page: its bytes; the runs of them that stand in one innermost span, each with the number of its field, its
 * start and its end; and the rows of its fields.
 */
export function read(page, id) {
  return page.locator(`#${id}`).evaluate((message) => {
    const hex = (text) => text.replace(/\s/g, "");
    const shown = message.querySelector(".bytes");
    const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
    const runs = [];
    let bytes = "";
    while (walker.nextNode()) {
      const text = hex(walker.currentNode.data);
      if (!text) continue;
      const f = walker.currentNode.parentElement.closest("span.b")?.dataset.f ?? null;
      runs.push({ f, start: bytes.length / 2, end: (bytes.length + text.length) / 2 });
      bytes += text;
    }
    const rows = [...message.querySelectorAll(".fields li[data-f]")].map((row) => ({
      f: row.dataset.f,
      start: Number(row.dataset.start),
      end: Number(row.dataset.end),
      text: row.querySelector("a.row").textContent,
      link: row.querySelector("a.row").getAttribute("href"),
      up: row.parentElement.closest("li[data-f]")?.dataset.f ?? null,
      leaf: !row.querySelector("li[data-f]"),
      spans: [...shown.querySelectorAll(`span.b[data-f="${row.dataset.f}"]`)].map((s) => ({
        id: s.id,
        up: s.parentElement.closest("span.b")?.dataset.f ?? null,
      })),
    }));
    const direction = message.classList.contains("sent") ? "sent" : "received";
    const { name, length, protected: secret } = message.dataset;
    return { name, length: Number(length), protected: secret === "true", direction, bytes, runs, rows };
  });
}

/** What a message on the page must be, by the server's own event. */
export function assertTells(shown, event) {
  const what = event.message;
  const { name, length, direction } = shown;
  assert.deepEqual(
    { name, length, direction, protected: shown.protected },
    { name: what, length: event.length, direction: event.direction, protected: event.protected },
  );
  assert.equal(shown.bytes, Buffer.from(event.base64, "base64").toString("hex"), `the bytes of ${what}`);
  const fields = flat(event.fields);
  assert.deepEqual(
    shown.rows.map(({ start, end, leaf }) => ({ start, end, leaf })),
    fields.map(({ start, end, parts }) => ({ start, end, leaf: parts.length === 0 })),
    `the rows of ${what}`,
  );
  fields.forEach(({ name }, i) => {
    if (name) assert(shown.rows[i].text.includes(name), `${name} in the row ${JSON.stringify(shown.rows[i].text)} of ${what}`);
  });
}

/** Bytes and rows fit together: each byte is in the innermost span of one field, spans are nested as rows are, and rows lead to spans. */
export function assertFits(shown, id) {
  const rows = new Map(shown.rows.map((r) => [r.f, r]));
  assert.equal(rows.size, shown.rows.length, `each field of ${id} has a number of its own`);
  for (const run of shown.runs) {
    const row = rows.get(run.f);
    assert(row, `bytes ${run.start} to ${run.end} of ${id} are in a field`);
    assert.deepEqual([run.start, run.end], [row.start, row.end], `where the bytes of ${id}, ${row.text} stand`);
    assert(row.leaf, `bytes of ${id}, ${row.text} stand in its parts`);
  }
  assert.equal(shown.bytes.length / 2, shown.length, `how many bytes ${id} shows`);
  for (const row of shown.rows) {
    assert.equal(row.link, `#${id}-f${row.f}`);
    if (row.start === row.end && row.spans.length === 0) continue;
    assert.deepEqual(row.spans, [{ id: `${id}-f${row.f}`, up: row.up }], `the span of ${id}, ${row.text}`);
  }
}

/**
 * What is lit on the whole page: the rows, and the bytes as hexadecimal with the places of the first and of the one behind the last. And
 * whether `selector` is what stands at a place.
 */
export function lit(page, selector = "html", at = [0, 0]) {
  return page.evaluate(([selector, at]) => {
    const held = document.elementFromPoint(...at)?.closest(".row, .b") === document.querySelector(selector);
    const hex = (text) => text.replace(/\s/g, "").length / 2;
    const rows = [...document.querySelectorAll("li.lit, a.row.lit")].map((row) => {
      const li = row.closest("li[data-f]");
      return `${li.closest("details.message").id}-f${li.dataset.f}`;
    });
    const bytes = [...document.querySelectorAll(".bytes .lit")].map((span) => {
      const before = document.createRange();
      before.setStart(span.closest(".bytes"), 0);
      before.setEndBefore(span);
      const start = hex(before.toString());
      const end = start + hex(span.textContent);
      return { message: span.closest("details.message").id, start, end, hex: span.textContent.replace(/\s/g, "") };
    });
    return { held, rows: [...new Set(rows)], bytes };
  }, [selector, at]);
}

/** That this row is lit, with its bytes, and nothing else. */
export function assertLit(now, id, shown, row) {
  const what = `${id}, ${row.text}`;
  assert.deepEqual(now.rows, [`${id}-f${row.f}`], `the row of ${what} is lit, and no other`);
  const hex = shown.bytes.slice(2 * row.start, 2 * row.end);
  const bytes = now.bytes.filter((b) => b.hex);
  assert.deepEqual(bytes, hex ? [{ message: id, start: row.start, end: row.end, hex }] : [], `the bytes of ${what}`);
}
