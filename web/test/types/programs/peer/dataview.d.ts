// The peer's PluginOutput extends DataView as TypeScript had it before 5.7, without
// a parameter; newer versions find no members in it then.
interface DataViewConstructor {
  new (buffer: ArrayBufferLike, byteOffset?: number, byteLength?: number): DataView<ArrayBufferLike>;
}
