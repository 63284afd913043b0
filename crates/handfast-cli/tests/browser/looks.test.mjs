// The page in several widths and both colour schemes, and what axe-core finds.

import axe from "axe-core";
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { PICTURES, visit } from "./harness.mjs";

const SCHEMES = ["light", "dark"];

/** Runs axe-core, and says what it found, a line each. */
async function violations(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target}: ${n.failureSummary}`));
}

test("axe-core finds nothing, in both colour schemes", async (t) => {
  const { page } = await visit(t);
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], colorScheme);
  }
});

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
    const { page } = await visit(t, { viewport: { width, height: 900 } });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(wide, width, "nothing is to be scrolled to");
      await page.screenshot({ path: path.join(PICTURES, `${width}-${colorScheme}.png`), fullPage: true });
    }
  });
}
