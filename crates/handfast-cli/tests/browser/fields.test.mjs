// Every field of every message: its bytes are lit, by the mouse, by touch and by the keyboard.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until, visit } from "./harness.mjs";
import { assertFits, assertLit, assertTells, data, ids, lit, messages, openAll, read } from "./messages.mjs";

const TLS12 = ["--ssl-version-max=tls1.2"];
const RSA_CBC = "TLS_RSA_WITH_AES_128_CBC_SHA";

function assertDark({ rows, bytes }) {
  assert.deepEqual({ rows, bytes }, { rows: [], bytes: [] }, "nothing is lit");
}

/** Waits until this row, its bytes and nothing else are lit; `now` is what was lit when it was looked at last. */
async function lights(page, id, shown, row, now) {
  for (let patience = 100; patience > 0; patience--) {
    now ??= await lit(page);
    if (now.rows.length === 1 && now.rows[0] === `${id}-f${row.f}`) break;
    await page.waitForTimeout(20);
    now = null;
  }
  assertLit(now ?? (await lit(page)), id, shown, row);
}

/** The row of a field, and its bytes, as selectors. */
const rowOf = (id, row) => `#${id} a.row[href="#${id}-f${row.f}"]`;
const bytesOf = (id, row) => `#${id}-f${row.f}`;

/** Where to point at to mean just this element: a place of it, in sight, that nothing covers. */
function place(page, selector) {
  return page.evaluate((selector) => {
    const element = document.querySelector(selector);
    element.scrollIntoView({ block: "center", behavior: "instant" });
    for (const box of element.getClientRects()) {
      // A part may fill the middle.
      for (const [x, y] of [[0.5, 0.5], [0.02, 0.5], [0.98, 0.5], [0.5, 0.1], [0.5, 0.9]]) {
        const at = [box.left + x * box.width, box.top + y * box.height];
        if (document.elementFromPoint(...at)?.closest(".row, .b") === element) return at;
      }
    }
    return null;
  }, selector);
}

/** Points at an element, again if what was lit on the way there moved it. Gives what is lit then. */
async function point(page, selector, how) {
  for (let i = 0; i < 5; i++) {
    const at = await place(page, selector);
    assert(at, `${selector} can be pointed at`);
    await how(...at);
    const now = await lit(page, selector, at);
    if (now.held) return now;
  }
  assert.fail(`${selector} cannot be held`);
}

const move = (page) => (x, y) => page.mouse.move(x, y);

/** Takes the mouse away from all bytes and fields. */
async function leave(page) {
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  await page.mouse.move(1, 1);
  await until("the light goes out", async () => (await lit(page)).rows.length === 0);
  assertDark(await lit(page));
}

/** The page shows each message as its server tells it. Gives the names. */
async function assertWhole(server, page) {
  const { events } = await data(page);
  const told = messages(events);
  const said = messages(server.told(told[0].base64));
  told.forEach((message, i) => assert.equal(plain(message), plain(said[i]), message.message));
  const shown = await Promise.all((await ids(page, "connection")).map((id) => read(page, id)));
  assert.equal(shown.length, told.length);
  shown.forEach((message, i) => {
    assertTells(message, told[i]);
    assertFits(message, `m${i}`);
  });
  return told.map((m) => m.message);
}

const WAYS = [
  ["TLS 1.3", {}, "EncryptedExtensions"],
  ["a HelloRetryRequest", { serve: ["--cookie"] }, "HelloRetryRequest"],
  ["TLS 1.2", { chromium: TLS12 }, "ServerKeyExchange"],
  ["RSA and CBC", { chromium: TLS12, serve: ["--policy", "compatible", "--suites", RSA_CBC, "--alpn", "http/1.1"] }, "ClientKeyExchange"],
];
for (const [way, options, among] of WAYS) {
  test(`${way}: the page shows each message as the server tells it`, async (t) => {
    const { server, page } = await visit(t, options);
    const names = await assertWhole(server, page);
    assert(names.includes(among), `${names}`);
  });
}

for (const [version, chromium] of [["TLS 1.3", []], ["TLS 1.2", TLS12]]) {
  test(`${version}, resumed: the page shows each message as the server tells it`, async (t) => {
    const { server, page } = await visit(t, { chromium });
    await page.locator("a.again").click();
    await server.event("resumed", (e) => e.event === "connected" && e.resumed);
    await page.locator(".skipped").first().waitFor();
    const names = await assertWhole(server, page);
    assert(!names.includes("Certificate"), `${names}`);
  });
}

for (const [version, options] of [["TLS 1.3", {}], ["TLS 1.2", { chromium: TLS12 }]]) {
  test(`${version}: the mouse on a field lights its bytes, the mouse on bytes their field`, async (t) => {
    const { page } = await visit(t, options);
    await openAll(page, "connection");
    for (const id of await ids(page, "connection")) {
      const shown = await read(page, id);
      for (const row of shown.rows) {
        const now = await point(page, rowOf(id, row), move(page));
        await lights(page, id, shown, row, now);
      }
      for (const row of shown.rows.filter((r) => r.leaf && r.start < r.end)) {
        const now = await point(page, bytesOf(id, row), move(page));
        await lights(page, id, shown, row, now);
      }
    }
    await leave(page);
  });
}

test("the classic handshake's messages are as whole", async (t) => {
  const { page } = await visit(t);
  const there = await ids(page, "classic");
  assert(there.length >= 9, `${there}`);
  assert.deepEqual(there, there.map((_, i) => `c${i}`));
  for (const id of there) assertFits(await read(page, id), id);
  await page.locator("#tab-classic").click();
  await openAll(page, "classic");
  for (const id of there) {
    const shown = await read(page, id);
    const row = shown.rows.at(-1);
    const now = await point(page, rowOf(id, row), move(page));
    await lights(page, id, shown, row, now);
  }
});

test("what is lit can be seen", async (t) => {
  const { page } = await visit(t);
  await openAll(page, "connection");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // The row, where the class may be on either; and the innermost bytes, which what is lit shows through.
    const grounds = () =>
      page.evaluate(() => {
        const ground = (e) => {
          for (; e; e = e.parentElement) {
            const { backgroundColor } = getComputedStyle(e);
            if (!/, 0\)$|transparent/.test(backgroundColor)) return backgroundColor;
          }
        };
        let inner = document.querySelector("#m0-f0");
        while (inner.querySelector(".b")) inner = inner.querySelector(".b");
        return [ground(inner), ground(document.querySelector('#m0 a.row[href="#m0-f0"]'))];
      });
    await leave(page);
    const dark = await grounds();
    await point(page, rowOf("m0", { f: 0 }), move(page));
    await until("it is lit", async () => (await lit(page)).rows.length === 1);
    await until("bytes and row look otherwise", async () => (await grounds()).every((g, i) => g !== dark[i]));
  }
});

test("a finger on a field lights its bytes, a finger on bytes their field", async (t) => {
  const { page } = await visit(t, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
  const tap = (x, y) => page.touchscreen.tap(x, y);
  // ServerHello, which has fields in fields.
  await page.locator("#m1 > summary").tap();
  const shown = await read(page, "m1");
  for (const row of shown.rows) {
    const now = await point(page, rowOf("m1", row), tap);
    await lights(page, "m1", shown, row, now);
  }
  for (const row of shown.rows.filter((r) => r.leaf && r.start < r.end)) {
    const now = await point(page, bytesOf("m1", row), tap);
    await lights(page, "m1", shown, row, now);
  }
});

test("the keyboard alone opens each message and walks along its fields", async (t) => {
  const { page } = await visit(t);
  const there = await ids(page, "connection");
  const focused = () =>
    page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      const seen = e.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      const message = e.closest("details.message")?.id;
      return { id: e.id, tag: e.localName, href: e.getAttribute("href"), message, seen };
    });
  const tabTo = async (what, wanted) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const now = await focused();
      if (now.tag !== "body") assert(now.seen, `the focus is seen on ${JSON.stringify(now)}`);
      if (wanted(now)) return now;
    }
    assert.fail(`Tab never leads to ${what}`);
  };
  for (const id of there) {
    await tabTo(`the summary of ${id}`, (now) => now.tag === "summary" && now.message === id);
    if (!(await page.locator(`#${id}`).evaluate((m) => m.open))) await page.keyboard.press("Enter");
    assert(await page.locator(`#${id}`).evaluate((m) => m.open), `Enter opens ${id}`);
    const shown = await read(page, id);
    const first = await tabTo(`a row of ${id}`, (now) => now.href?.startsWith(`#${id}-f`));
    assert.equal(first.href, shown.rows[0].link);
    await lights(page, id, shown, shown.rows[0]);
    const walk = async (key, rows) => {
      for (const row of rows) {
        await page.keyboard.press(key);
        const now = await focused();
        assert.equal(now.href, row.link, `${key} leads to ${row.text}`);
        assert(now.seen, `the focus is seen on ${row.text}`);
        await lights(page, id, shown, row);
      }
    };
    await walk("ArrowDown", shown.rows.slice(1));
    await walk("ArrowUp", shown.rows.slice(0, -1).reverse().slice(0, 3));
    await page.keyboard.press("Escape");
    assertDark(await lit(page));
  }
});

/** An event as text, without what differs where it is told: the time, and which connection it is of. */
function plain({ at, connection, peer, ...event }) {
  assert(!Number.isNaN(Date.parse(at)), at);
  return JSON.stringify(event);
}
