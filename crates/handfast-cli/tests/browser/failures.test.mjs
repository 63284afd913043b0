// What went wrong: the list, and the page of each connection that failed.

import axe from "axe-core";
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { test } from "node:test";
import { PICTURES, visit, within } from "./harness.mjs";
import path from "node:path";

/** Comes to nothing: says something that is no TLS. */
async function babble(port) {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.end("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  socket.resume();
  await within(once(socket, "close"), "the server hangs up");
}

/** Comes to nothing: trusts nobody who could have signed our certificate. */
async function distrust(port) {
  const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost" });
  const [error] = await within(once(socket, "error"), "no trust");
  assert.match(error.code, /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/);
  socket.destroy();
}

async function violations(page) {
  await page.evaluate(axe.source);
  await page.evaluate(() => document.querySelectorAll("section:not([hidden]) details").forEach((d) => (d.open = true)));
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target}: ${n.failureSummary}`));
}

for (const colorScheme of ["light", "dark"]) {
  test(`what went wrong is a link away, and every message of it opens, ${colorScheme}`, async (t) => {
    const { server, page } = await visit(t, { colorScheme, reducedMotion: "reduce", viewport: { width: 360, height: 900 } });
    await page.locator("a.failed").click();
    assert.match(await page.locator("h1").textContent(), /Nothing went wrong here/);
    assert.deepEqual(await violations(page), []);

    await babble(server.port);
    await distrust(server.port);
    await server.event("both are told of", () => server.events.filter((e) => e.event === "failed").length === 2);
    await page.reload();
    assert.equal(await page.locator(".failure").count(), 2);
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: path.join(PICTURES, `failures-360-${colorScheme}.png`), fullPage: true });

    await page.locator(".failure h3 a").first().click();
    assert.match(await page.locator("h1").textContent(), /This connection failed/);
    for (const section of ["connection", "negotiated", "keys"]) {
      await page.locator(`#tab-${section}`).click();
      assert.deepEqual(await violations(page), [], section);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, section);
    }
    await page.locator("#tab-connection").click();
    await page.mouse.move(1, 1);
    const hello = page.locator("#m0");
    assert.equal(await hello.getAttribute("data-name"), "ClientHello");
    const row = hello.locator(".fields a.row", { hasText: /^random/ });
    await row.focus();
    const [start, end] = await row.evaluate((a) => ["start", "end"].map((d) => Number(a.parentElement.dataset[d])));
    const lit = await hello.locator(".bytes .b.lit").evaluateAll((all) => all.map((b) => b.textContent).join(" "));
    assert.deepEqual([end - start, lit.match(/[0-9a-f]{2}/g).length], [32, 32], lit);
  });
}
