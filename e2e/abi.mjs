// Runs the scenarios of abi_test.go on one JavaScript runtime, through the public
// API and what every runtime has.

/**
 * @typedef {{ name: string, level: string, calls: { function: string, input: string }[] }} Scenario
 * @typedef {{ output?: string, code?: string, message?: string,
 *   logs: { level: string, text: string }[] }} Answer
 */

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** The functions of docs/ABI.md, §9: what is passed by handle is not freed here. */
const functions = {
  'extism:host/user': {
    upper: (context, text) => context.store(context.read(text)?.text().toUpperCase() ?? ''),
    sum: (_, a, b, c, d) => a + Number(b) + c + d,
  },
};

/**
 * @param {Function} createPlugin the function under test
 * @param {{ wasm: string, config: Record<string, string>, scenarios: Scenario[] }} job
 *   bytes are base64
 * @returns {Promise<Answer[][]>} one list for each scenario
 */
export async function runABI(createPlugin, { wasm, config, scenarios }) {
  const module = await WebAssembly.compile(fromBase64(wasm));
  const answers = [];
  for (const { level, calls } of scenarios) {
    let logs = [];
    const logger = Object.fromEntries(LEVELS.map((l) => [l, (text) => logs.push({ level: l, text })]));
    const plugin = await createPlugin(module, { config, functions, logger, logLevel: level });
    const list = [];
    for (const call of calls) {
      logs = [];
      list.push({ ...(await answer(plugin, call)), logs });
    }
    await plugin.close();
    answers.push(list);
  }
  return answers;
}

async function answer(plugin, call) {
  try {
    const output = await plugin.call(call.function, fromBase64(call.input ?? ''));
    return { output: output === null ? '' : toBase64(output.bytes()) };
  } catch (error) {
    return { code: String(error.code), message: error.message };
  }
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toBase64 = (bytes) => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));
