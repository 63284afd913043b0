// The page is the visitor's own connection, whatever was negotiated.

import assert from "node:assert/strict";
import { test } from "node:test";
import { facts, visit } from "./harness.mjs";

test("TLS 1.3 with X25519MLKEM768 and h2", async (t) => {
  const { server, page } = await visit(t);
  const connected = await server.event("connected", (e) => e.event === "connected");
  const { version, group, alpn, resumed, name } = connected;
  const wanted = { version: "TLS 1.3", group: "X25519MLKEM768", alpn: "h2", resumed: false, name: "localhost" };
  assert.deepEqual({ version, group, alpn, resumed, name }, wanted);
  const said = await facts(page);
  assert.equal(said["version"], "TLS 1.3");
  assert.equal(said["secret agreed by"], "X25519 + ML-KEM-768");
  assert.equal(said["protocol"], "h2");
  assert((await page.locator("main").textContent()).includes(connected.suite), connected.suite);
  const navigation = await page.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
  assert.equal(navigation, "h2", "the browser says so, too");
});

test("TLS 1.2, when the browser has no newer", async (t) => {
  const { server, page } = await visit(t, { chromium: ["--ssl-version-max=tls1.2"] });
  const connected = await server.event("connected", (e) => e.event === "connected");
  assert.equal(connected.version, "TLS 1.2");
  const said = await facts(page);
  assert.equal(said["version"], "TLS 1.2");
  assert((await page.locator("main").textContent()).includes(connected.suite), connected.suite);
  const names = await page.locator("#connection .message").allInnerTexts();
  for (const name of ["ServerKeyExchange", "ServerHelloDone", "ClientKeyExchange"]) {
    assert(names.some((n) => n.includes(name)), name);
  }
});

for (const [version, chromium] of [["TLS 1.3", []], ["TLS 1.2", ["--ssl-version-max=tls1.2"]]]) {
  test(`${version}, resumed when the page is loaded again`, async (t) => {
    const { server, line, page } = await visit(t, { line: true, chromium });
    assert.match((await facts(page))["handshake"], /full/);
    // Else it would be the same connection. Not while something is on its way.
    await page.waitForLoadState("networkidle");
    line.cut();
    await page.reload();
    const connected = await server.event("connected", (e) => e.event === "connected" && e.resumed);
    assert.equal(connected.version, version);
    assert.match((await facts(page))["handshake"], /resumed/);
    const names = await page.locator("#connection .message").allInnerTexts();
    assert(!names.some((n) => /Certificate/.test(n)), "no certificate was sent again");
  });
}
