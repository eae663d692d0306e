// @ts-check

import { tableFromIPC, tableToIPC } from 'apache-arrow';

/**
 * Tables in Arrow's streaming format. Nobody checks that the columns of what is
 * decoded are those of T.
 * @template {import('apache-arrow').TypeMap} [T=any]
 * @returns {import('extism-js').Codec<import('apache-arrow').Table<T>>}
 */
export const arrow = () => ({
  encode: (table) => tableToIPC(table, 'stream'),
  decode: (output) => tableFromIPC(output.bytes()),
});
