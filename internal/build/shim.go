package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle is one JavaScript file that the shim is bundled into.
type bundle struct {
	out    string
	entry  string
	format api.Format
	// linkWasm leaves imports of .wasm files as static imports of files beside
	// the bundle; otherwise their bytes go into the bundle.
	linkWasm bool
	// scriptURL replaces import.meta.url, which a classic script lacks, by the
	// URL of the script element.
	scriptURL bool
}

var bundles = []bundle{
	{out: "extism.mjs", entry: "extism.mjs", format: api.FormatESModule},
	{out: "extism.js", entry: "script.mjs", format: api.FormatIIFE, scriptURL: true},
	{out: "extism.worker.mjs", entry: "worker.mjs", format: api.FormatESModule},
	{out: "extism.edge.mjs", entry: "edge.mjs", format: api.FormatESModule, linkWasm: true},
}

func (b *builder) shim(context.Context) error {
	for _, s := range bundles {
		if err := b.bundle(s); err != nil {
			return fmt.Errorf("%s: %w", s.out, err)
		}
	}
	return nil
}

func (b *builder) bundle(s bundle) error {
	res := api.Build(b.esbuildOptions(s))
	if len(res.Errors) > 0 || len(res.Warnings) > 0 {
		return messages(append(res.Errors, res.Warnings...))
	}
	if err := checkImports(res.Metafile, s.linkWasm); err != nil {
		return err
	}
	for _, f := range res.OutputFiles {
		if err := b.write(filepath.Base(f.Path), f.Contents); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) esbuildOptions(s bundle) api.BuildOptions {
	src := filepath.Join(b.root, "web", "src")
	opts := api.BuildOptions{
		EntryPoints: []string{filepath.Join(src, s.entry)},
		// Not b.out: the source map's paths depend on it, and a build into
		// another directory shall give the same bytes.
		Outfile:           filepath.Join(b.root, "dist", s.out),
		AbsWorkingDir:     b.root,
		Bundle:            true,
		Format:            s.format,
		Platform:          api.PlatformNeutral,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		Sourcemap:         api.SourceMapLinked,
		Metafile:          true,
		External:          []string{"node:*"},
	}
	if s.linkWasm {
		opts.Plugins = append(opts.Plugins, wasmBeside)
	} else {
		opts.Plugins = append(opts.Plugins, wasmInside)
	}
	if s.scriptURL {
		opts.Inject = []string{filepath.Join(src, "script_url.mjs")}
		opts.Define = map[string]string{"import.meta.url": "scriptURL"}
	}
	return opts
}

// wasmBeside makes every import of a .wasm file an import of the file of that
// name beside the bundle. Platforms that do not compile at run time turn it
// into a WebAssembly.Module.
var wasmBeside = api.Plugin{
	Name: "wasm-beside",
	Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `\.wasm$`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "./" + path.Base(filepath.ToSlash(args.Path)), External: true}, nil
		})
	},
}

// wasmInside makes every import of a .wasm file an import of its bytes, written in
// hexadecimal digits: other than those of base64 they repeat themselves where the
// bytes do, and compress to a quarter less.
var wasmInside = api.Plugin{
	Name: "wasm-inside",
	Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.wasm$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			wasm, err := os.ReadFile(args.Path)
			js := fmt.Sprintf("export default Uint8Array.from('%x'.match(/\\w\\w/g), (byte) => parseInt(byte, 16));", wasm)
			return api.OnLoadResult{Contents: &js}, err
		})
	},
}

// checkImports makes sure that a bundle loads where it is meant to: a static
// import of a Node module would break every browser, and anything else outside
// the bundle would have to be published with it.
func checkImports(metafile string, linkWasm bool) error {
	var meta struct {
		Outputs map[string]struct {
			Imports []struct {
				Path     string
				Kind     string
				External bool
			}
		}
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return err
	}
	for _, out := range meta.Outputs {
		for _, im := range out.Imports {
			switch {
			case !im.External:
			case im.Kind == "dynamic-import" && strings.HasPrefix(im.Path, "node:"):
			case im.Kind == "import-statement" && linkWasm && strings.HasSuffix(im.Path, ".wasm"):
			default:
				return fmt.Errorf("%s of %q stays outside the bundle", im.Kind, im.Path)
			}
		}
	}
	return nil
}

func messages(msgs []api.Message) error {
	text := api.FormatMessages(msgs, api.FormatMessagesOptions{Kind: api.ErrorMessage})
	return errors.New(strings.TrimSpace(strings.Join(text, "\n")))
}
