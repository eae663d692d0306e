package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

// quality is what a CDN would use for files that rarely change. It takes
// seconds for the core, so results are kept by content.
const quality = brotli.BestCompression

// compressible are the suffixes worth compressing. Source maps are only
// fetched by developer tools.
var compressible = []string{".wasm", ".mjs", ".js", ".css", ".html"}

// compress writes a .br beside every file that a page may load.
func (b *builder) compress(ctx context.Context) error {
	for _, name := range b.files {
		if !hasSuffix(name, compressible) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(b.out, name))
		if err != nil {
			return err
		}
		br, err := compressCached(filepath.Join(b.root, ".cache", "brotli"), data)
		if err != nil {
			return err
		}
		if err := b.write(name+".br", br); err != nil {
			return err
		}
	}
	return nil
}

func hasSuffix(name string, suffixes []string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// compressCached compresses data, or finds it in dir where it was compressed
// before. A cached file that does not decompress to data is made anew: it may
// be half written.
func compressCached(dir string, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	path := filepath.Join(dir, fmt.Sprintf("%s-q%d.br", hex.EncodeToString(sum[:]), quality))
	if br, err := os.ReadFile(path); err == nil && decompressesTo(br, data) {
		return br, nil
	}
	br, err := compressed(data)
	if err != nil {
		return nil, err
	}
	return br, writeIfChanged(path, br)
}

func compressed(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	w := brotli.NewWriterLevel(&buf, quality)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func decompressesTo(br, want []byte) bool {
	var buf bytes.Buffer
	buf.Grow(len(want))
	_, err := buf.ReadFrom(brotli.NewReader(bytes.NewReader(br)))
	return err == nil && bytes.Equal(buf.Bytes(), want)
}
