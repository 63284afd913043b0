// The page's parts: tabs, links, what it carries; with scripts and without.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { SECTIONS, until, visit } from "./harness.mjs";
import { data, messages } from "./messages.mjs";

/** Which sections can be seen. */
async function seen(page) {
  const visible = await Promise.all(SECTIONS.map((s) => page.locator(`section#${s}`).isVisible()));
  return SECTIONS.filter((_, i) => visible[i]);
}

test("a tab shows its section, and no other", async (t) => {
  const { page } = await visit(t);
  assert.deepEqual(await seen(page), ["connection"]);
  for (const section of SECTIONS) {
    const tab = page.locator(`nav [role=tab]#tab-${section}`);
    await tab.click();
    assert.deepEqual(await seen(page), [section]);
    assert.equal(await tab.getAttribute("aria-selected"), "true");
    assert.equal(await tab.getAttribute("aria-controls"), section);
    assert.equal(await page.locator(`section#${section}`).getAttribute("role"), "tabpanel");
    assert.equal(await page.locator("[role=tab][aria-selected=true]").count(), 1);
  }
});

test("the keyboard walks along the tabs", async (t) => {
  const { page } = await visit(t);
  const here = () => page.evaluate(() => document.activeElement.id);
  await until("Tab leads to the tabs", async () => {
    await page.keyboard.press("Tab");
    return (await here()).startsWith("tab-");
  });
  assert.equal(await here(), "tab-connection");
  for (const section of [...SECTIONS.slice(1), SECTIONS[0]]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await here(), `tab-${section}`);
    await page.keyboard.press("Enter");
    assert.deepEqual(await seen(page), [section]);
  }
  await page.keyboard.press("ArrowLeft");
  assert.equal(await here(), `tab-${SECTIONS.at(-1)}`);
});

test("a link to a message opens it, a link to a field lights it", async (t) => {
  const { context, url } = await visit(t);
  const follow = async (link) => {
    const page = await context.newPage();
    await page.goto(url + link);
    return page;
  };
  for (const id of ["m3", "c2"]) {
    const page = await follow(`#${id}`);
    await until(`${id} is open`, () => page.locator(`#${id}`).evaluate((m) => m.open));
    await until(`${id} is in sight`, () =>
      page.locator(`#${id} > summary`).evaluate((s) => {
        const { top, bottom } = s.getBoundingClientRect();
        return s.checkVisibility() && top >= 0 && bottom <= innerHeight;
      }),
    );
  }
  const page = await follow("#m0-f2");
  await until("m0 is open", () => page.locator("#m0").evaluate((m) => m.open));
  await until("the field is lit", () => page.locator("#m0-f2.lit").count());
  // Without another visit, too.
  await page.evaluate(() => (location.hash = "#m1"));
  await until("m1 is open", () => page.locator("#m1").evaluate((m) => m.open));
  await page.evaluate(() => (location.hash = "#classic"));
  await until("the section is there", async () => (await seen(page)).join() === "classic");
});

test("between messages it is drawn where keys change", async (t) => {
  const { page } = await visit(t);
  const course = await page
    .locator("#connection :is(details.message, .keychange)")
    .evaluateAll((all) => all.map((e) => (e.matches(".keychange") ? "keys" : `${e.dataset.name} ${e.dataset.protected}`)));
  const at = course.indexOf("EncryptedExtensions true");
  assert(at > 0 && course.slice(0, at).includes("keys"), `${course}`);
  assert(course.indexOf("keys") > course.indexOf("ServerHello false"), `${course}`);
  const all = await page.locator("#connection .keychange").allInnerTexts();
  assert(all.every((text) => text.trim()), "it says what it is");
});

for (const [version, chromium] of [["TLS 1.3", []], ["TLS 1.2", ["--ssl-version-max=tls1.2"]]]) {
  test(`${version}: each message is shown as it travelled, too`, async (t) => {
    const { line, page } = await visit(t, { line: true, chromium });
    const shown = await page.locator("#connection details.message").evaluateAll((all) => {
      const hex = (parent, selector) => [...parent.querySelectorAll(selector)].map((e) => e.textContent.replace(/\s/g, "")).join("");
      return all.map((message) => ({
        id: message.id,
        direction: message.classList.contains("sent") ? "sent" : "received",
        secret: message.dataset.protected === "true",
        bytes: hex(message, ".bytes"),
        records: [...message.querySelectorAll(".travelled .record")].map((record) => ({
          header: hex(record, ".head .hex"),
          body: hex(record, ".cipher > .hex"),
        })),
      }));
    });
    assert(shown.some((m) => m.secret) && shown.some((m) => !m.secret));
    for (const { id, direction, secret, bytes, records } of shown) {
      const carried = line.carried[direction];
      assert(records.length > 0, id);
      // A few bytes may be anywhere by chance.
      if (!secret || bytes.length > 16) assert.equal(carried.includes(bytes), !secret, `whether ${id} could be read on the way`);
      for (const { header, body } of records) {
        assert.match(header, /^(14|15|16|17)030[13][0-9a-f]{4}$/, id);
        assert.equal(body.length > 0, secret, id);
        if (secret) assert.equal(body.length / 2, parseInt(header.slice(6), 16), `the length of ${id}'s record`);
        assert(carried.includes(header + body), `a record of ${id} went over the line`);
      }
    }
  });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";
  test(`the download is what the page carries, ${how}`, async (t) => {
    const { page } = await visit(t, { javaScriptEnabled });
    const carried = await data(page);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a.download").click()]);
    assert.equal(download.suggestedFilename(), "handfast-connection.json");
    assert.deepEqual(JSON.parse(await readFile(await download.path(), "utf8")), carried);
  });
}

test("without scripts all of it is there, and tabs are links", async (t) => {
  const { page } = await visit(t, { javaScriptEnabled: false });
  assert.deepEqual(await seen(page), SECTIONS);
  for (const section of SECTIONS) {
    await page.locator(`#tab-${section}`).click();
    assert.equal(new URL(page.url()).hash, `#${section}`);
  }
  await page.locator("#m0 > summary").click();
  assert(await page.locator("#m0 .bytes").first().isVisible());
  assert(await page.locator("#m0 .fields a.row").first().isVisible());
});

test("hands are shaken again: resumed, and the page says what was skipped", async (t) => {
  const { server, page } = await visit(t);
  assert.equal(await page.locator(".skipped").count(), 0);
  const first = messages((await data(page)).events)[0].base64;
  await page.locator("a.again").first().click();
  const now = await until("the page of another connection", async () => {
    const { events } = await data(page).catch(() => ({ events: [] }));
    return messages(events).some((m) => m.base64 === first) ? null : events.length && events;
  });
  const told = server.told(messages(now)[0].base64);
  assert.equal(told.find((e) => e.event === "connected").resumed, true);
  assert(!messages(now).some((m) => /^Certificate/.test(m.message)));
  assert.match(await page.locator(".skipped").first().innerText(), /Certificate/);
});

test("secrets are told only where the server reveals them", async (t) => {
  const { page: silent } = await visit(t);
  assert.equal(await silent.locator("#keys .value").count(), 0);
  const { page } = await visit(t, { serve: ["--reveal"] });
  const told = await page.locator("#keys .secret:has(.value)").evaluateAll((all) =>
    all.map((secret) => ["k", "size", "value"].map((name) => secret.querySelector(`.${name}`).textContent)),
  );
  // What a key log gets.
  for (const name of ["client_application_traffic_secret", "server_application_traffic_secret", "exporter_secret"]) {
    assert(told.some(([told]) => told === name), `${name} is not among ${told}`);
  }
  for (const [name, size, value] of told) assert.match(value, new RegExp(`^[0-9a-f]{${2 * parseInt(size)}}$`), name);
});

test("the policy lets nothing in, and everything of ours", async (t) => {
  const { response } = await visit(t);
  const policy = response.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|http|data:|blob:/);
  assert.equal(response.headers()["set-cookie"], undefined);
  assert.equal(response.headers()["x-content-type-options"], "nosniff");
});
