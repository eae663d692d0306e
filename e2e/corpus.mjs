// Runs the corpus on one JavaScript runtime. It knows the public API and what
// every runtime has, so that pages, Node and others run the very same code.

/**
 * @typedef {{ text: string, size?: number }} Input
 * @typedef {{ name: string, wasm: { name?: string, file: string }[], noWasi?: boolean,
 *   config?: Record<string, string>, logs?: boolean,
 *   calls: { function: string, input: Input }[] }} Case
 * @typedef {{ name?: string, code?: string, message: string }} Failure
 * @typedef {{ length?: number, sha256?: string, failure?: Failure,
 *   logs: { level: string, text: string }[] }} CallResult
 * @typedef {{ name: string, calls: CallResult[], failure?: Failure }} CaseResult
 */

/** The levels that are compared; below them the reference host logs things of its own. */
const LEVELS = ['info', 'warn', 'error'];

/**
 * Runs every case with one plug-in each.
 *
 * @param {object} o
 * @param {Function} o.createPlugin the function under test
 * @param {(file: string) => Promise<Uint8Array>} o.load gives a module's bytes
 * @param {Case[]} o.cases
 * @returns {Promise<CaseResult[]>}
 */
export async function runCorpus({ createPlugin, load, cases }) {
  const results = [];
  for (const c of cases) results.push(await runCase(createPlugin, load, c));
  return results;
}

async function runCase(createPlugin, load, c) {
  const calls = [];
  const logs = [];
  let plugin;
  try {
    plugin = await createPlugin(await manifest(c, load), options(c, logs));
    for (const call of c.calls) {
      logs.length = 0;
      calls.push({ ...(await runCall(plugin, call)), logs: logs.slice() });
    }
    return { name: c.name, calls };
  } catch (error) {
    return { name: c.name, calls, failure: describe(error) };
  } finally {
    await plugin?.close();
  }
}

async function manifest(c, load) {
  const wasm = [];
  for (const w of c.wasm) {
    const data = await load(w.file);
    wasm.push(w.name ? { name: w.name, data } : { data });
  }
  return { wasm };
}

function options(c, logs) {
  const o = { useWasi: !c.noWasi, config: c.config ?? {} };
  if (!c.logs) return o;
  const logger = { trace() {}, debug() {} };
  for (const level of LEVELS) logger[level] = (text) => logs.push({ level, text: String(text) });
  return { ...o, logger, logLevel: LEVELS[0] };
}

async function runCall(plugin, call) {
  try {
    const output = await plugin.call(call.function, bytes(call.input));
    return await digest(output === null ? new Uint8Array() : output.bytes());
  } catch (error) {
    return { failure: describe(error) };
  }
}

async function digest(data) {
  // A copy, because a digest takes no views of shared memory.
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data.slice()));
  return { length: data.length, sha256: Array.from(hash, (b) => b.toString(16).padStart(2, '0')).join('') };
}

// Text is given to calls as text, which exercises that path of the API too. A
// text with a lone marker stands for bytes that no text has: see decodeText.
function bytes(input) {
  const unit = decodeText(input.text);
  if (!input.size) return unit;
  const source = typeof unit === 'string' ? new TextEncoder().encode(unit) : unit;
  const out = new Uint8Array(input.size);
  out.set(source.subarray(0, out.length));
  // Each step doubles what is there.
  for (let n = source.length; n < out.length; n *= 2) out.copyWithin(n, 0, Math.min(n, out.length - n));
  return out;
}

// JSON cannot carry bytes that are not UTF-8, so those come as base64.
function decodeText(text) {
  if (!text.startsWith('base64:')) return text;
  return Uint8Array.from(atob(text.slice('base64:'.length)), (c) => c.charCodeAt(0));
}

function describe(error) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, code, message } = /** @type {Error & { code?: unknown }} */ (error);
  return { name, code: code === undefined ? '' : String(code), message };
}
