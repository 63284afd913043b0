// The page in several widths and both colour schemes, and what axe-core finds.

import axe from "axe-core";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { PICTURES, ROOT, SECTIONS, visit } from "./harness.mjs";

const SCHEMES = ["light", "dark"];

/** Opens all that can be opened in what is seen. */
function openAll(page) {
  return page.evaluate(() => document.querySelectorAll("section:not([hidden]) details").forEach((d) => (d.open = true)));
}

const AXED = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["TLS 1.2, with secrets", { chromium: ["--ssl-version-max=tls1.2"], serve: ["--reveal"] }],
];
for (const [name, options] of AXED) {
  test(`axe-core finds nothing in any part, all of it open: ${name}`, async (t) => {
    const { page } = await visit(t, { reducedMotion: "reduce", ...options });
    await page.evaluate(axe.source);
    for (const section of SECTIONS) {
      await page.locator(`#tab-${section}`).click();
      await openAll(page);
      await assertAxed(page, section);
    }
    if (options.chromium) return;
    await page.locator("a.again").click();
    await page.locator(".skipped").first().waitFor();
    await page.evaluate(axe.source);
    await assertAxed(page, "connection, resumed");
  });
}

/** axe-core finds nothing. */
async function assertAxed(page, part) {
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const found = violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target}: ${n.failureSummary}`));
  assert.deepEqual(found.slice(0, 20), [], `${found.length} in ${part}`);
}

test("dark is dark, light is light", async (t) => {
  const { page } = await visit(t);
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    const [ground, ink] = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.backgroundColor, style.color].map((c) => c.match(/\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0));
    });
    assert.equal(ground > ink, colorScheme === "light", colorScheme);
  }
});

for (const width of [320, 360, 768, 1280, 1920]) {
  test(`${width} pixels are enough`, async (t) => {
    const { page } = await visit(t, { viewport: { width, height: 900 }, reducedMotion: "reduce" });
    for (const section of SECTIONS) {
      await page.locator(`#tab-${section}`).click();
      for (const colorScheme of width === 360 || width === 1280 ? SCHEMES : SCHEMES.slice(0, 1)) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: path.join(PICTURES, `${section}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await openAll(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(wide, width, `nothing of #${section} is to be scrolled to`);
    }
  });
}

test("the pictures in the README are of this page", async (t) => {
  const size = { width: 1280, height: 1040 };
  const { page } = await visit(t, { viewport: size, deviceScaleFactor: 1.5, reducedMotion: "reduce" });
  await page.locator("#m0 > summary").click();
  await page.locator("#m0 .fields a.row", { hasText: /^random/ }).click();
  await page.mouse.move(1, 1);
  await page.evaluate(() => scrollTo(0, 0));
  for (const [colorScheme, name] of [["light", "page.png"], ["dark", "page-dark.png"]]) {
    await page.emulateMedia({ colorScheme });
    const folder = process.env.HANDFAST_UPDATE === "1" ? path.join(ROOT, "docs") : PICTURES;
    await page.screenshot({ path: path.join(folder, name) });
    // Random bytes make each picture another; that it is there, and of this size, can be told.
    const picture = await readFile(path.join(ROOT, "docs", name));
    assert.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [1.5 * size.width, 1.5 * size.height]);
    assert((await readFile(path.join(ROOT, "README.md"), "utf8")).includes(`docs/${name}`));
  }
});
