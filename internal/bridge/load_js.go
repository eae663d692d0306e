//go:build js && wasm

package bridge

import (
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/plugin"
)

// maxManifestBytes is the most that a manifest may have that is fetched. The
// core's memory, which all plug-ins share and which does not shrink, has to hold it
// several times.
const maxManifestBytes = 8 << 20

// loadNow gives a module for which nothing has to be waited for, or nil.
func (r *request) loadNow(w *manifest.Wasm, slot int) (engine.Module, error) {
	if w.Source == nil || w.Hash != "" || r.kinds[*w.Source] == webengine.Response {
		return nil, nil
	}
	if r.kinds[*w.Source] == webengine.Bytes {
		if err := r.options.CheckSize(r.sizes[*w.Source]); err != nil {
			return nil, err
		}
	}
	if m := webengine.CompileNow(int(r.number), *w.Source, slot); m != nil {
		return m, nil
	}
	return nil, nil
}

// loading is a request for which something has to be waited for.
type loading struct {
	*request
	*webengine.Request
	// typed says whether anything but the platform's own functions can be imported,
	// so that the types of imports and exports are wanted even of streamed modules.
	typed bool
	from  webengine.Location // where the manifest has come from
}

// manifest makes a manifest of whatever was given for one.
func (r *loading) manifest() (*manifest.Manifest, error) {
	r.from.Files = true
	if m, err := r.manifestNow(); m != nil || err != nil {
		return m, err
	}
	source := 0 // the only one there is
	if v := r.input.Get("url"); v != nil {
		var err error
		if source, err = r.Fetch(v.Text, "", []any{}, r.from); err != nil {
			return nil, err
		}
	}
	return r.fromResponse(source)
}

// fromResponse takes a response for a module or for a manifest, by its type.
func (r *loading) fromResponse(source int) (*manifest.Manifest, error) {
	facts, err := r.good(source)
	if err != nil {
		return nil, err
	}
	switch facts.Type {
	case "application/wasm", "application/octet-stream", "":
		return fromSource(source), nil
	case "application/json", "text/json":
		return r.fetchedManifest(source, facts.URL)
	}
	return nil, fault.New(fault.InvalidManifest, "While processing manifest URL "+strconv.Quote(facts.URL)+": content-type "+strconv.Quote(facts.Type)+
		` is neither that of a module ("application/wasm", "application/octet-stream") nor that of a manifest ("application/json", "text/json")`)
}

// fetchedManifest decodes the body of a response as JSON.
func (r *loading) fetchedManifest(source int, url string) (*manifest.Manifest, error) {
	n, err := r.ReadBody(source, maxManifestBytes)
	if err != nil {
		return nil, err
	}
	if n > maxManifestBytes {
		return nil, fault.New(fault.InvalidManifest, "the manifest "+url+" has at least "+strconv.FormatUint(n, 10)+
			" bytes, more than "+strconv.Itoa(maxManifestBytes)+"; let it name its modules by URL")
	}
	text, err := r.Bytes(source)
	if err != nil {
		return nil, err
	}
	r.fetched = string(text)
	r.from = webengine.Location{Base: url, Files: isLocal(url)}
	return manifest.Parse(text)
}

// isLocal reports whether a manifest at that URL was made on this machine. Others
// must not have its files read.
func isLocal(url string) bool {
	for _, scheme := range []string{"file:", "data:", "blob:"} {
		if strings.HasPrefix(url, scheme) {
			return true
		}
	}
	return url == ""
}

// modules loads all modules of a manifest side by side.
func (r *loading) modules(m *manifest.Manifest) ([]plugin.Module, error) {
	r.typed = len(m.Wasm) > 1 || len(r.options.Functions) > 0
	mods := make([]plugin.Module, len(m.Wasm))
	errs := make([]error, len(mods))
	done := make(chan struct{})
	for i := range mods {
		go func() {
			mods[i].Name = m.ModuleName(i)
			mods[i].Module, errs[i] = r.module(&m.Wasm[i], i)
			done <- struct{}{}
		}()
	}
	for range mods {
		<-done
	}
	for i, err := range errs {
		if err != nil {
			return nil, fault.From(err).In(mods[i].Name, "")
		}
	}
	return mods, nil
}

func (r *loading) module(w *manifest.Wasm, slot int) (m engine.Module, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = plugin.Panicked(p)
		}
	}()
	return r.load(w, slot)
}

// load fetches and compiles one module of a manifest into the slot of that
// number, streaming where nobody needs its bytes or their number.
func (r *loading) load(w *manifest.Wasm, slot int) (engine.Module, error) {
	source, size, err := r.locate(w)
	if err != nil {
		return nil, err
	}
	switch r.Kinds[source] {
	case webengine.Compiled:
		return r.UseCompiled(source, slot)
	case webengine.Response:
		facts, err := r.good(source)
		if err != nil {
			return nil, err
		}
		if w.Hash == "" && r.options.MaxModuleBytes == nil && facts.Streams {
			return r.CompileStreaming(source, slot, r.typed)
		}
		if size, err = r.ReadBody(source, r.limit()); err != nil {
			return nil, err
		}
	}
	if err := r.options.CheckSize(size); err != nil {
		return nil, err
	}
	if err := r.checkHash(w, source); err != nil {
		return nil, err
	}
	return r.CompileBytes(source, slot)
}

// limit is how many bytes a module may have.
func (r *request) limit() uint64 {
	if n := r.options.MaxModuleBytes; n != nil {
		return *n
	}
	return webengine.NoLimit
}

// locate makes sure that a module, or a response that has it, is a source, and
// gives its size if it is bytes.
func (r *loading) locate(w *manifest.Wasm) (source int, size uint64, err error) {
	switch {
	case w.Source != nil:
		if *w.Source < len(r.sizes) {
			size = r.sizes[*w.Source]
		}
		return *w.Source, size, nil
	case w.URL != "":
		headers := []any{}
		for _, h := range w.Headers {
			headers = append(headers, h.Name, h.Value)
		}
		source, err = r.Fetch(w.URL, w.Method, headers, r.from)
		return source, 0, err
	case w.Path != "" && !r.from.Files:
		return 0, 0, fault.New(fault.InvalidManifest, "path "+strconv.Quote(w.Path)+": a manifest from elsewhere must not name files of this machine")
	case w.Path != "":
		return r.ReadFile(w.Path, r.limit())
	}
	source, err = r.AddBytes(w.Data)
	return source, uint64(len(w.Data)), err
}

func (r *loading) checkHash(w *manifest.Wasm, source int) error {
	if w.Hash == "" {
		return nil
	}
	sum, err := r.SHA256(source)
	if err != nil {
		return fault.Wrap(fault.Unsupported, "checking the hash", err)
	}
	if err := w.CheckHash(sum); err != nil {
		return err
	}
	return nil
}

// good gives the facts of a response whose status says that it is one to use.
func (r *loading) good(source int) (*webengine.Facts, error) {
	facts, err := r.Facts(source)
	if err != nil {
		return nil, err
	}
	if !facts.OK {
		url := facts.URL
		if url == "" {
			url = "the module"
		}
		return nil, fault.New(fault.FetchFailed, "fetching "+url+": the server answered "+strconv.Itoa(facts.Status))
	}
	return facts, nil
}
