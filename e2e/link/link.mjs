// Runs the cases of ../link_test.go on one JavaScript runtime, and more that are of
// JavaScript alone. It knows the public API and what every runtime has.

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {{ name?: string, file: string }[]} modules
 * @property {string[]} calls functions of the main module
 * @property {boolean} [vectors] JavaScript cannot carry what passes between them
 * @property {boolean} [typed] what is expected needs types, which a compiled module does not tell
 *
 * @typedef {{ name: string, results: string[] }} Result
 */

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** In which a module can be given, beside its bytes. */
const forms = {
  bytes: (/** @type {Uint8Array} */ data) => ({ data }),
  'many bytes': (data) => ({ data: padded(data) }), // too many to be compiled at once
  'a stream': (data) => ({ response: new Response(data, { headers: { 'content-type': 'application/wasm' } }) }),
  'a slow stream': (data) => ({ response: new Response(slowly(data), { headers: { 'content-type': 'application/wasm' } }) }),
  'a module': async (data) => ({ module: await WebAssembly.compile(data) }),
};

/**
 * @param {object} env
 * @param {any} env.api the namespace of the runtime's build
 * @param {(file: string) => Promise<Uint8Array>} env.load
 * @param {Case[]} cases
 * @returns {Promise<Result[]>} each case in each form
 */
export async function runCases({ api, load }, cases) {
  const results = [];
  for (const c of cases) {
    for (const [form, wrap] of Object.entries(forms)) {
      if (form === 'a module' && (c.vectors || c.typed)) continue;
      const wasm = await Promise.all(
        c.modules.map(async ({ name, file }) => ({ ...(name ? { name } : {}), ...(await wrap(await load(file))) })),
      );
      results.push({ name: `${c.name}/${form}`, results: await outcomes(api, { wasm }, c.calls) });
    }
  }
  return results;
}

async function outcomes(api, manifest, calls) {
  const functions = { 'extism:host/user': { f() {} } };
  let plugin;
  try {
    plugin = await api.createPlugin(manifest, { useWasi: true, logger: silent, functions });
  } catch (error) {
    return [describe(error)];
  }
  const results = [];
  for (const f of calls) {
    try {
      const output = await plugin.call(f);
      results.push(output ? String(output.getBigInt64(0, true)) : 'nothing');
    } catch (error) {
      results.push(error.code === 'TRAP' ? error.code : describe(error));
    }
  }
  await plugin.close();
  return results;
}

const describe = (error) => `${error.name} ${error.code}: ${error.message}`;

/** A module with a custom section behind it, of 64 KiB. */
function padded(data) {
  const size = 1 << 16;
  const out = new Uint8Array(data.length + 4 + size);
  out.set(data);
  out.set([0, 0x80 | (size & 127), 0x80 | ((size >> 7) & 127), size >> 14], data.length);
  return out;
}

/** The bytes one after the other, as a network never gives them. */
function slowly(data) {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await undefined;
      if (at < data.length) controller.enqueue(data.slice(at, ++at));
      else controller.close();
    },
  });
}

/**
 * What is of JavaScript alone; each throws if it fails.
 * @type {Record<string, (env: { api: any, failing: () => Promise<any>, load: (file: string) => Promise<Uint8Array> }) => Promise<void>>}
 */
export const scenarios = {
  async 'modules directly in the list'({ api, load }) {
    for (const [what, odd] of Object.entries({
      bytes: await load('odd.wasm'),
      'a buffer': (await load('odd.wasm')).slice().buffer,
      'a module': await WebAssembly.compile(await load('odd.wasm')),
      'a Response': new Response(await load('odd.wasm'), { headers: { 'content-type': 'application/wasm' } }),
    })) {
      const [result] = await outcomes(api, { wasm: [odd] }, ['run']);
      if (!/UNRESOLVED_IMPORT: from module "main": cannot resolve import "main" "even"/.test(result)) throw new Error(`${what}: ${result}`);
    }
  },

  // What arrives is read twice; whatever becomes of the one, the other must not be
  // left behind, nor reject without anybody hearing it.
  async 'streams that fail'({ api, load }) {
    const whole = await load('even.wasm');
    const type = { headers: { 'content-type': 'application/wasm' } };
    const broken = (n) =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(whole.slice(0, n));
        },
        async pull(controller) {
          controller.error(new Error('the connection was lost'));
        },
      });
    const odd = { name: 'odd', data: await load('odd.wasm') };
    const cases = {
      'cut in its head': [new Response(whole.slice(0, 20), type), 'INVALID_WASM'],
      'cut in its code': [new Response(whole.slice(0, -5), type), 'INVALID_WASM'],
      'lost in its head': [new Response(broken(20), type), 'INVALID_WASM'],
      'lost in its code': [new Response(broken(whole.length - 5), type), 'INVALID_WASM'],
      'no module': [new Response(new TextEncoder().encode('<html>'.repeat(50)), type), 'INVALID_WASM'],
      empty: [new Response(new Uint8Array(), type), 'INVALID_WASM'],
    };
    const read = new Response(whole, type);
    await read.arrayBuffer();
    cases['read before'] = [read, 'INVALID_WASM'];
    for (const [what, [response, code]] of Object.entries(cases)) {
      const [result] = await outcomes(api, { wasm: [odd, { response }] }, ['run']);
      if (!result.startsWith(`ExtismError ${code}:`)) throw new Error(`${what}: ${result}`);
    }
  },

  // A stream that stops in the code must not keep what has been learnt.
  async 'the copy of a stream is let go of'({ api, load }) {
    let cancelled = 0;
    const whole = await load('wasi_narrow.wasm');
    const response = new Response(whole, { headers: { 'content-type': 'application/wasm' } });
    const clone = response.clone.bind(response);
    response.clone = () => {
      const copy = clone();
      const getReader = copy.body.getReader.bind(copy.body);
      copy.body.getReader = () => {
        const reader = getReader();
        const cancel = reader.cancel.bind(reader);
        reader.cancel = () => {
          cancelled++;
          return cancel();
        };
        return reader;
      };
      Object.defineProperty(copy, 'body', { value: copy.body });
      return copy;
    };
    await outcomes(api, { wasm: [{ response }] }, []);
    if (cancelled === 0) throw new Error('nobody has cancelled it');
  },

  // Vectors go through a circle only where types are known, and those of streamed
  // modules have to be kept for the core that comes after one that has crashed.
  async 'types survive the core'({ failing, load }) {
    const api = await failing();
    for (const [form, wrap] of Object.entries(forms)) {
      if (form === 'a module') continue;
      const wasm = [{ name: 'twice', ...(await wrap(await load('twice.wasm'))) }, await wrap(await load('vector.wasm'))];
      const plugin = await api.createPlugin({ wasm });
      for (const round of ['at first', 'on another core', 'on a third core']) {
        const got = (await plugin.call('run')).getBigInt64(0, true);
        if (got !== 84n) throw new Error(`${form}, ${round}: ${got}`);
        api.arm('begin', api.Failure.EXIT);
        await plugin.call('run').then(
          () => Promise.reject(new Error('the core has not failed')),
          (error) => error.code === 'CORE_CRASHED' || Promise.reject(error),
        );
      }
      await plugin.close();
    }
  },

  // Some platforms compile nothing at run time; then the functions of a circle are
  // JavaScript's. Modules that are not small are compiled by another function.
  async 'where no trampoline can be compiled'({ api, load }) {
    const wasm = [
      { name: 'odd', data: padded(await load('odd.wasm')) },
      { data: padded(await load('even.wasm')) },
    ];
    const { Module } = WebAssembly;
    WebAssembly.Module = new Proxy(Module, {
      construct() {
        throw new WebAssembly.CompileError('nothing is compiled here');
      },
    });
    try {
      const results = await outcomes(api, { wasm }, ['run', 'trap', 'run']);
      if (results.join() !== '1,TRAP,1') throw new Error(results.join());
    } finally {
      WebAssembly.Module = Module;
    }
  },

  // One module without host functions has nothing that its types are wanted for.
  async 'a single module is read once'({ api, load }) {
    const response = new Response(await load('shared.wasm'), { headers: { 'content-type': 'application/wasm' } });
    let cloned = false;
    response.clone = () => {
      cloned = true;
      throw new Error();
    };
    await (await api.createPlugin({ wasm: [{ response }] }, { useWasi: true })).close();
    if (cloned) throw new Error('it is read twice');
  },
};

/** @returns {Promise<Result[]>} of the scenarios: no results, or what is wrong */
export async function runScenarios(env) {
  const results = [];
  for (const [name, run] of Object.entries(scenarios)) {
    try {
      await run(env);
      results.push({ name, results: [] });
    } catch (error) {
      results.push({ name, results: [String(error?.stack ?? error)] });
    }
  }
  return results;
}
