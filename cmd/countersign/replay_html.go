package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/countersign/countersign/holds/replay"
)

// style is all there is beside the text. The page's Content-Security-Policy names
// its digest and forbids everything else, so that nothing in a log can make the
// page fetch or run anything.
const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem;line-height:1.2}h2{font-size:1.1rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}
th[scope=row]{width:16rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;font-weight:600}
svg{display:block;max-width:100%;margin-top:.35rem}rect{fill:#2f5d8a}li{margin:.25rem 0}.when{white-space:nowrap}.long{overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}td,th{border-color:#333}rect{fill:#7fb0df}}
`

// barWidth is the length of the longest bar of a page, in pixels.
const barWidth = 300

const pageTemplate = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{{.Digest}}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{{.Page.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<h1>{{.Page.Title}}</h1>
<p>{{.Page.About}}</p>
<table>
{{- range .Page.Figures}}
<tr><th scope="row">{{.Name}}</th><td class="number">{{.Value}}</td><td>{{.Note}}</td></tr>
{{- end}}
</table>
{{- range .Charts}}
<h2>{{.Title}}</h2>
<table>
{{- range .Bars}}
<tr><th scope="row">{{.Name}}</th><td class="number">{{.Number}}</td><td><svg width="{{$.Width}}" height="14" aria-hidden="true"><rect width="{{.Length}}" height="14"/></svg></td></tr>
{{- end}}
</table>
{{- end}}
{{- if .Page.Examples}}
<h2>Some of the holds, the highest tier first</h2>
<table>
<tr><th scope="col">When</th><th scope="col">Tier</th><th scope="col">Rule</th><th scope="col">Change</th><th scope="col">Account</th><th scope="col">By</th></tr>
{{- range .Page.Examples}}
<tr><td class="when">{{stamp .Occurred}}</td><td>{{.Tier}}</td><td>{{.Rule}}</td><td class="long">{{.Class}} ({{.Type}})</td><td class="long">{{.Account}}</td><td class="long">{{.Actor}}</td></tr>
{{- end}}
</table>
{{- end}}
<h2>To read this rightly</h2>
<ul>
{{- range .Page.Notes}}
<li>{{.}}</li>
{{- end}}
</ul>
</body>
</html>
`

// drawnChart is a chart with the lengths of its bars.
type drawnChart struct {
	Title string
	Bars  []drawnBar
}

type drawnBar struct {
	Name, Number string
	Length       int
}

func drawn(c chart) drawnChart {
	out := drawnChart{Title: c.Title}
	for _, b := range c.Bars {
		out.Bars = append(out.Bars, drawnBar{b.Name, thousands(b.N), length(b, c.most())})
	}
	return out
}

// length of a bar; one hold is seen in any chart.
func length(b replay.Count, most int) int {
	if b.N == 0 {
		return 0
	}
	return max(b.N*barWidth/most, 2)
}

// html writes the summary as one page for browsers, with nothing outside of it.
func (r *replaying) html(w io.Writer) error { return r.page().html(w) }

func (p replayPage) html(w io.Writer) error {
	t, err := template.New("replay").Funcs(template.FuncMap{"stamp": stamp}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(style))
	data := struct {
		Page   replayPage
		Charts []drawnChart
		Style  template.CSS
		Digest string
		Width  int
	}{Page: p, Style: template.CSS(style), Digest: "sha256-" + base64.StdEncoding.EncodeToString(digest[:]), Width: barWidth} //nolint:gosec // our own constant
	for _, c := range p.Charts {
		data.Charts = append(data.Charts, drawn(c))
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}
