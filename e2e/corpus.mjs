// Runs the corpus on one JavaScript runtime. It knows the public API and what
// every runtime has, so that pages, Node and others run the very same code.

/**
 * @typedef {{ text: string, size?: number }} Input
 * @typedef {{ name?: string, file: string, hash?: string, from?: string }} Wasm
 * @typedef {{ name: string, wasm: Wasm[], noWasi?: boolean, config?: Record<string, string>,
 *   memory?: { max_pages?: number, max_var_bytes?: number }, logLevel?: string, vars?: string[],
 *   hosts?: string[], reply?: { status: number, headers?: Record<string, string>, body: string, shown?: boolean },
 *   calls: { function: string, input: Input }[] }} Case
 * @typedef {{ name?: string, code?: string, message: string }} Failure
 * @typedef {{ length?: number, sha256?: string, failure?: Failure,
 *   logs: { level: string, text: string }[], vars?: Record<string, string> }} CallResult
 * @typedef {{ name: string, calls: CallResult[], failure?: Failure }} CaseResult
 */

/**
 * Runs every case with one plug-in each.
 *
 * @param {object} o
 * @param {Function} o.createPlugin the function under test
 * @param {(file: string) => Promise<Uint8Array>} o.load gives a module's bytes
 * @param {(file: string) => string} o.path names a module's file, or its URL where there are no files
 * @param {Case[]} o.cases
 * @returns {Promise<CaseResult[]>}
 */
export async function runCorpus({ createPlugin, load, path, cases }) {
  const loaded = new Map();
  const once = (file) => {
    if (!loaded.has(file)) loaded.set(file, load(file));
    return loaded.get(file);
  };
  const results = [];
  for (const c of cases) results.push(await runCase(createPlugin, { load: once, path }, c));
  return results;
}

async function runCase(createPlugin, files, c) {
  const calls = [];
  const seen = { logs: [], vars: {} };
  let plugin;
  try {
    plugin = await createPlugin(await manifest(c, files), options(c, seen));
    for (const call of c.calls) calls.push(await runCall(plugin, c, call, seen));
    return { name: c.name, calls };
  } catch (error) {
    return { name: c.name, calls, failure: describe(error) };
  } finally {
    await plugin?.close();
  }
}

async function manifest(c, files) {
  const wasm = [];
  for (const w of c.wasm) {
    const data = await files.load(w.file);
    const item = await source(w, data, files);
    if (w.name) item.name = w.name;
    if (w.hash) item.hash = await hashOf(data, w.hash);
    wasm.push(item);
  }
  return c.memory ? { wasm, memory: c.memory } : { wasm };
}

/** A module in the form that the case asks for. */
async function source(w, data, { path }) {
  switch (w.from) {
    case 'path': {
      const name = path(w.file);
      return name.startsWith('http') ? { url: name } : { path: name };
    }
    case 'url': return { url: `data:application/wasm;base64,${base64(data)}` };
    case 'base64': return { data: base64(data) };
    case 'module': return { module: await WebAssembly.compile(data) };
    case 'response': return { response: new Response(data, { headers: { 'Content-Type': 'application/wasm' } }) };
  }
  return { data };
}

async function hashOf(data, kind) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  if (kind === 'wrong') hash[0]++;
  return kind === 'upper' ? hex(hash).toUpperCase() : hex(hash);
}

function options(c, seen) {
  const o = { useWasi: !c.noWasi, config: c.config ?? {}, functions: hostFunctions(c, seen), allowedHosts: c.hosts ?? [] };
  if (c.reply) {
    const { status, headers, body, shown } = c.reply;
    o.allowHttpResponseHeaders = shown === true;
    o.fetch = async () => new Response(body ? new TextEncoder().encode(body) : null, { status, headers: headers ?? {} });
  }
  if (!c.logLevel) return o;
  const logger = {};
  for (const level of ['trace', 'debug', 'info', 'warn', 'error']) {
    logger[level] = (text) => seen.logs.push({ level, text: String(text) });
  }
  return { ...o, logger, logLevel: c.logLevel };
}

/** What oracle/host.go offers in Go. */
function hostFunctions(c, seen) {
  const ignore = () => {};
  const answering = (answer) => (context, at) => {
    const bytes = context.read(at)?.bytes() ?? new Uint8Array();
    context.free(at);
    return context.store(answer(bytes));
  };
  const prefixed = (prefix) => answering((bytes) => {
    const head = new TextEncoder().encode(prefix);
    const out = new Uint8Array(head.length + bytes.length);
    out.set(head);
    out.set(bytes, head.length);
    return out;
  });
  return {
    'extism:host/user': {
      mult: (_, a, b) => a * b,
      hostGreenMessage: prefixed('green: '),
      hostPurpleMessage: prefixed('purple: '),
      inspect: (context) => {
        for (const name of c.vars ?? []) {
          const value = context.getVariable(name);
          if (value) seen.vars[name] = base64(value.bytes());
        }
      },
    },
    host: {
      to_upper: answering((bytes) => bytes.map((b) => (b >= 0x61 && b <= 0x7a ? b - 0x20 : b))),
    },
    dylibso_observe: { instrument_enter: ignore, instrument_exit: ignore, instrument_memory_grow: ignore },
  };
}

async function runCall(plugin, c, call, seen) {
  seen.logs.length = 0;
  const result = await outcome(plugin, call);
  result.logs = seen.logs.slice();
  if (c.vars) {
    seen.vars = {};
    await plugin.call('vars');
    result.vars = seen.vars;
  }
  return result;
}

async function outcome(plugin, call) {
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
  return { length: data.length, sha256: hex(hash) };
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

function hex(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function base64(bytes) {
  let text = '';
  // As many arguments as fit on any stack.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function describe(error) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, code, message } = /** @type {Error & { code?: unknown }} */ (error);
  return { name, code: code === undefined ? '' : String(code), message };
}
