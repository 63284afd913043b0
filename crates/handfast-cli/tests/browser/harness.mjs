// A server of ours, and a browser that trusts its development CA as a visitor's would: each test has its own server, each file one browser.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** How long anything may take on a busy machine, in milliseconds. */
export const PATIENCE = 20_000;

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target");
const TOOL = process.env.HANDFAST ?? path.join(TARGET, "debug/handfast");

/** The sections of the page, each with a tab. */
export const SECTIONS = ["connection", "negotiated", "keys", "classic"];

/** Where pictures go that a person may want to look at. */
export const PICTURES = path.join(TARGET, "browser");
mkdirSync(PICTURES, { recursive: true });

/** The folder of this run: the tool's home, the browser's home. */
const HOME = mkdtempSync(path.join(tmpdir(), "handfast-browser-"));
const browsers = new Map();

after(async () => {
  for (const browser of browsers.values()) await (await browser).close();
  rmSync(HOME, { recursive: true, force: true, maxRetries: 5 });
});

/** Waits for a promise, not for ever. */
export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until this gives something that is true, and gives that. */
export async function until(what, probe) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert(Date.now() < end, `${what}: not within ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** `handfast serve`, and what it tells. */
export class Server {
  events = [];

  static async start(flags) {
    assert(existsSync(TOOL), `${TOOL} is not there: cargo build -p handfast-cli`);
    const server = new Server();
    const env = { ...process.env, HANDFAST_HOME: path.join(HOME, "handfast"), NO_COLOR: "1" };
    delete env.SSLKEYLOGFILE;
    const child = spawn(TOOL, ["serve", "--listen", "127.0.0.1:0", "--json", ...flags], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = once(child, "exit");
    server.stop = async () => {
      child.kill("SIGKILL");
      await within(exited, "the server's end");
    };
    let words = "";
    child.stderr.on("data", (chunk) => (words += chunk));
    createInterface({ input: child.stdout }).on("line", (line) => server.events.push(JSON.parse(line)));
    try {
      const { url } = await until("the server listens", () => {
        assert(child.exitCode === null, words);
        return server.events.find((e) => e.event === "listening");
      });
      server.port = Number(new URL(url).port);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Its address, by a name: a browser sends no address as server_name. */
  get url() {
    return `https://localhost:${this.port}/`;
  }

  /** Waits for an event. */
  event(what, wanted) {
    return until(what, () => this.events.find(wanted));
  }

  /** The events of the connection that began with this ClientHello. */
  told(hello) {
    const first = this.events.find((e) => e.event === "message" && e.base64 === hello);
    assert(first, "the page's ClientHello is one that the server told of");
    return this.events.filter((e) => e.connection === first.connection);
  }
}

/** Between the browser and a server, so that a test can cut it, and knows what went over it. */
export class Line {
  #sockets = new Set();
  /** All bytes, in hexadecimal, as the server sees their direction. */
  carried = { received: "", sent: "" };

  static async to(port) {
    const line = new Line();
    const listener = net.createServer((near) => {
      const far = net.connect(port, "127.0.0.1");
      for (const [from, to, direction] of [[near, far, "received"], [far, near, "sent"]]) {
        line.#sockets.add(from);
        from.on("data", (bytes) => (line.carried[direction] += bytes.toString("hex")));
        from.on("error", () => {});
        from.on("close", () => {
          line.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    listener.listen(0, "127.0.0.1");
    await within(once(listener, "listening"), "the line");
    line.stop = () => {
      line.cut();
      listener.close();
    };
    line.url = `https://localhost:${listener.address().port}/`;
    return line;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Makes the browser's home, in which the development CA is an authority for web sites, as the tool advises. */
function trusting() {
  const home = path.join(HOME, "chromium");
  const database = path.join(home, ".pki/nssdb");
  if (!existsSync(database)) {
    mkdirSync(database, { recursive: true });
    const certutil = (...args) => execFileSync("certutil", ["-d", `sql:${database}`, ...args], { timeout: PATIENCE });
    certutil("-N", "--empty-password");
    certutil("-A", "-t", "C,,", "-n", "handfast", "-i", path.join(HOME, "handfast/ca.pem"));
  }
  return home;
}

function browser(flags) {
  const key = flags.join(" ");
  if (!browsers.has(key)) {
    const home = trusting();
    const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: "", XDG_CACHE_HOME: "", XDG_DATA_HOME: "" };
    const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
    args.push("--disable-component-update", "--disable-sync", ...flags);
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    browsers.set(key, chromium.launch({ executablePath, args, env, timeout: PATIENCE }));
  }
  return browsers.get(key);
}

/**
 * A server, and a page of its that is open in a fresh context of the browser. Whatever the page does, nothing may be said on the console,
 * fetched from elsewhere or kept as a cookie.
 */
export async function visit(t, { serve = [], chromium = [], line: wanted = false, ...options } = {}) {
  const server = await Server.start(serve);
  const ends = [server.stop];
  const faults = [];
  // In this order: a page that loses its server complains.
  t.after(async () => {
    for (const end of ends.reverse()) await end();
    assert.deepEqual(faults, []);
  });
  const line = wanted ? await Line.to(server.port) : null;
  if (line) ends.push(line.stop);
  const url = line?.url ?? server.url;
  const context = await (await browser(chromium)).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  ends.push(async () => {
    faults.push(...(await context.cookies()).map((c) => `a cookie: ${c.name}`));
    await context.close();
  });
  context.setDefaultTimeout(PATIENCE);
  context.on("page", (page) => {
    page.on("console", (m) => faults.push(`${m.type()} on the console: ${m.text()}`));
    page.on("pageerror", (e) => faults.push(`thrown: ${e.stack}`));
    page.on("request", (r) => r.url().startsWith(url) || /^(data|about):/.test(r.url()) || faults.push(`fetched: ${r.url()}`));
    page.on("response", (r) => r.status() < 400 || faults.push(`${r.status()}: ${r.url()}`));
  });
  const page = await context.newPage();
  const response = await page.goto(url);
  return { server, line, context, page, response, url };
}

/** What the page says was negotiated: a label, and what stands there. */
export function facts(page) {
  return page.locator("dl.facts > div").evaluateAll((rows) =>
    Object.fromEntries(rows.map((r) => [r.querySelector("dt").innerText.toLowerCase(), r.querySelector("dd").innerText])),
  );
}
