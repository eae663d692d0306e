// @ts-check

import { fromBinary, toBinary } from '@bufbuild/protobuf';

/**
 * Messages of a schema, which protoc-gen-es makes of a .proto file.
 * @template {import('@bufbuild/protobuf').DescMessage} Schema
 * @param {Schema} schema
 * @returns {import('extism-js').Codec<import('@bufbuild/protobuf').MessageShape<Schema>>}
 */
export const protobuf = (schema) => ({
  encode: (message) => toBinary(schema, message),
  decode: (output) => fromBinary(schema, output.bytes()),
});
