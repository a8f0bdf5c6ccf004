//go:build slow

package pagetest

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "a folder to put pictures of the pages into")

// patience is how long one script in the browser may take.
const patience = 90 * time.Second

// Browser is one browser with a profile of its own. Person gives each person in
// it a context of their own, like a private window.
type Browser struct {
	t   *testing.T
	ctx context.Context
}

// Open starts a browser, or skips the test where none is installed.
func Open(t *testing.T) *Browser {
	t.Helper()
	var found string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("no browser is installed (looked for chromium, chromium-browser and google-chrome), so what only a browser can tell was not tested")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	ctx, stop := chromedp.NewExecAllocator(
		ctx, chromedp.ExecPath(found), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser is gone, so that its profile can go
		end()
		stop()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

// Person is one person's private window.
type Person struct {
	t    *testing.T
	ctx  context.Context
	mu   sync.Mutex
	said []string
}

// Person opens a private window. Whatever its pages do against their policy, and
// every script that runs in them, fails the test when it ends.
func (b *Browser) Person() *Person {
	b.t.Helper()
	p := &Person{t: b.t}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	b.t.Cleanup(func() {
		cancel()
		for _, s := range p.Said() {
			b.t.Errorf("the browser says: %s", s)
		}
	})
	p.Do()
	p.call(func() error { _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); return err })
	return p
}

func (p *Person) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		// An answer of 4xx is an entry as well; tests ask for those.
		if e.Entry.Source != log.EntrySourceNetwork {
			p.said = append(p.said, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	case *page.EventJavascriptDialogOpening:
		p.said = append(p.said, "a script opened a dialog: "+e.Message)
	case *runtime.EventConsoleAPICalled:
		p.said = append(p.said, "a script wrote to the console")
	case *runtime.EventExceptionThrown:
		p.said = append(p.said, "a script failed: "+e.ExceptionDetails.Text)
	}
}

// Said is what the browser has complained about so far, and forgets it.
func (p *Person) Said() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.said
	p.said = nil
	return out
}

// Do runs actions one after another.
func (p *Person) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatalf("the browser could not go on: %v", err)
	}
}

// Go opens an address.
func (p *Person) Go(address string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(address))
}

// Press presses what fits the selector and waits for the page it leads to. It
// returns that page's status.
func (p *Person) Press(selector string) int {
	p.t.Helper()
	res, err := chromedp.RunResponse(p.ctx, chromedp.Click(chromedp.CSS(selector)))
	if err != nil {
		p.t.Fatalf("pressing %s led nowhere: %v", selector, err)
	}
	return int(res.Status)
}

// Type types into the field that fits the selector.
func (p *Person) Type(selector, text string) {
	p.t.Helper()
	p.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Choose chooses an option of a list by its value.
func (p *Person) Choose(selector, value string) {
	p.t.Helper()
	p.Do(chromedp.SetValue(chromedp.CSS(selector), value))
}

// Tick presses a radio button or a box, which leads nowhere.
func (p *Person) Tick(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Text is the text of the first element that fits, as it is seen.
func (p *Person) Text(selector string) string {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		p.t.Fatalf("no text in %s: %v", selector, err)
	}
	return strings.Join(strings.Fields(out), " ")
}

// Seen tells whether what fits the selector is shown.
func (p *Person) Seen(selector string) bool {
	p.t.Helper()
	return evaluate[bool](p, `(() => { const e = document.querySelector(`+"`"+selector+"`"+`); return !!e && e.checkVisibility(); })()`)
}

func evaluate[T any](p *Person, script string) T {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatalf("the browser could not say: %v", err)
	}
	return out
}

// Shot looks at the page as it is on a desk, in the light and in the dark, and
// on a phone: nothing may be wider than the screen, and every word must stand
// out from its ground. With -shots it takes pictures.
func (p *Person) Shot(name string) {
	p.t.Helper()
	for _, s := range []struct {
		name, scheme string
		wide         int64
	}{{"desk", "light", 1280}, {"dark", "dark", 1280}, {"phone", "light", 390}} {
		p.screen(s.wide, s.scheme)
		if over := evaluate[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			p.t.Errorf("%s on the %s is %d pixels wider than the screen", name, s.name, over)
		}
		for _, faint := range evaluate[[]string](p, contrast) {
			p.t.Errorf("%s on the %s is hard to read: %s", name, s.name, faint)
		}
		if *shots == "" {
			continue
		}
		picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*shots, name+"-"+s.name+".png"), picture, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	p.screen(1280, "light")
}

func (p *Person) screen(wide int64, scheme string) {
	p.t.Helper()
	p.call(func() error {
		_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: wide, Height: 900, DeviceScaleFactor: 1, Mobile: wide < 600,
		})
		return err
	})
	p.call(func() error {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	})
}

func (p *Person) call(do func() error) {
	p.t.Helper()
	if err := do(); err != nil {
		p.t.Fatalf("the browser could not go on: %v", err)
	}
}

// contrast lists the words of a page whose contrast with their ground is less
// than 4.5 to 1, or 3 to 1 for large ones
// (https://www.w3.org/TR/WCAG22/#contrast-minimum).
const contrast = `(() => {
  const rgb = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const lum = ([r, g, b]) => { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || !e.checkVisibility() || e.closest('option, :disabled')) continue;
    const s = getComputedStyle(e), a = lum(rgb(s.color)), b = lum(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const size = parseFloat(s.fontSize), large = size >= 24 || size >= 18.66 && parseInt(s.fontWeight) >= 700;
    if (ratio < (large ? 3 : 4.5)) out.push(text.slice(0, 40) + ' (' + ratio.toFixed(2) + ')');
  }
  return [...new Set(out)];
})()`
