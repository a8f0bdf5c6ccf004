package pagetest

import (
	"strings"
	"testing"
	"unicode"

	"github.com/PuerkitoBio/goquery"
)

// Sign is in every hostile name that could become markup.
const Sign = "xss7713"

// Hostile are names an attacker can choose: for an account, a factor, a role, a
// browser, a reason (assurance case I1). They aim at text, attributes, addresses,
// style sheets, scripts, comments, titles and pictures.
func Hostile() []string {
	return []string{
		`<script>alert("` + Sign + `")</script>`,
		`</title><script>alert('` + Sign + `')</script>`,
		`</textarea><script>alert('` + Sign + `')</script>`,
		`</option></select><img src=x onerror=alert('` + Sign + `')>`,
		`</style><script>alert('` + Sign + `')</script>`,
		`"><svg onload=alert('` + Sign + `')>`,
		`'><svg/onload=alert('` + Sign + `')>`,
		`" onmouseover="alert('` + Sign + `')" x="`,
		`' autofocus onfocus='alert(1)' ` + Sign,
		"` onclick=alert(1) " + Sign,
		`javascript:alert('` + Sign + `')`,
		`JaVaScRiPt&colon;alert(1)//` + Sign,
		`data:text/html,<script>alert(1)</script>` + Sign,
		`<!--><img src=x onerror=alert(1)>` + Sign,
		`--><script>alert(1)</script>` + Sign,
		`<![CDATA[<script>alert(1)</script>]]>` + Sign,
		`<svg><style><img src=x onerror=alert(1)></style></svg>` + Sign,
		`<math><mtext></p><img src=x onerror=alert(1)>` + Sign,
		`<iframe srcdoc="<script>alert(1)</script>">` + Sign,
		`<base href="https://evil.example/">` + Sign,
		`<meta http-equiv="refresh" content="0;url=https://evil.example/">` + Sign,
		`<form action="https://evil.example/"><input type=submit>` + Sign,
		`<link rel=stylesheet href=https://evil.example/x.css>` + Sign,
		`<object data="javascript:alert(1)">` + Sign,
		`<a href="javascript:alert(1)">click</a>` + Sign,
		`expression(alert(1));}*{background:url(https://evil.example/)}` + Sign,
		`{{.}} {{template "frame"}} ${7*7} #{7*7} <%= 7*7 %>` + Sign,
		`&lt;script&gt;alert(1)&lt;/script&gt;` + Sign,
		`%3Cscript%3Ealert(1)%3C/script%3E` + Sign,
		"<scr\x00ipt>alert(1)</scr\x00ipt>" + Sign,
		"\xc0\xbcscript\xc0\xbe" + Sign,
		"+ADw-script+AD4-" + Sign,
		"<\u017fcript>alert(1)</\u017fcript>" + Sign,
		"\u202egnp.exe\u202c \u2066anna\u2069 \u200b\u200d\ufeff" + Sign,
		"Anna\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>" + Sign,
		"\x1b[31mred\x07\x7f" + Sign,
		Sign + strings.Repeat("A", 10000),
		Sign + strings.Repeat("\u0301", 500),
	}
}

// Harmless fails when a page has an element, an attribute or an address that no
// page of ours has, or a character in its text that cannot be seen.
func Harmless(t *testing.T, page string) {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	doc.Find("*").Each(func(_ int, e *goquery.Selection) {
		element(t, e)
		e.Contents().Each(func(_ int, n *goquery.Selection) {
			switch text := n.Text(); goquery.NodeName(n) {
			case "#comment":
				t.Error("a comment")
			case "#text":
				if strings.ContainsFunc(text, unseen) {
					t.Errorf("a character that cannot be seen in %q", text)
				}
			}
		})
	})
}

func unseen(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) && !unicode.IsSpace(r) }

// ours are the elements pages of ours are made of.
const ours = " html head meta title link body a main header nav form label input button div span ul ol li section h1 h2 h3 p b strong " +
	"code bdi br table thead tbody tr th td dl dt dd time img details summary blockquote fieldset legend select option textarea aside "

func element(t *testing.T, e *goquery.Selection) {
	t.Helper()
	n := e.Get(0)
	if !strings.Contains(ours, " "+n.Data+" ") {
		t.Errorf("an element of somebody else: <%s>", n.Data)
	}
	for _, a := range n.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc", a.Key == "srcset", a.Key == "http-equiv":
			t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
		case a.Key == "href" || a.Key == "src" || a.Key == "action":
			local := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#")
			if !local {
				t.Errorf("<%s %s=%q> leads away", n.Data, a.Key, a.Val)
			}
		case strings.Contains(a.Key, Sign):
			t.Errorf("an attribute of somebody else: %s", a.Key)
		}
	}
}
