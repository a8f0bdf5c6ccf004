package health

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/holds"
)

// figures turns what the database knows into metrics, and asks it every few seconds
// at most.
type figures struct {
	o     Options
	known map[holds.ConnectionID]string // providers
	desc  map[string]*prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	last Look
	err  error
}

func newFigures(o Options) *figures {
	f := &figures{o: o, known: map[holds.ConnectionID]string{}, desc: map[string]*prometheus.Desc{}}
	for _, c := range o.Connections {
		f.known[c.ID] = c.Provider
	}
	for _, d := range []struct {
		name, help string
		labels     []string
	}{
		{"countersign_look_ok", "1 when the figures of the database could be read, else 0; then they are left out.", nil},
		{"countersign_inbox_undecided", "Deliveries that wait to be decided.", nil},
		{"countersign_inbox_failed", "Deliveries that could not be decided and wait for people.", nil},
		{"countersign_inbox_oldest_seconds", "How long the oldest undecided delivery has waited; 0 when none waits.", nil},
		{"countersign_holds_open", "Holds that have not ended, by what they say of themselves.", []string{"connection", "standing"}},
		{"countersign_jobs_waiting", "Jobs that are not done, by effect.", []string{"kind"}},
		{"countersign_jobs_given_up", "Jobs that were given up, by effect; their holds need a person.", []string{"kind"}},
		{"countersign_jobs_oldest_seconds", "How long the oldest job that could run has waited for a worker.", []string{"kind"}},
		{"countersign_feed_finding", "1 while this is found at a connection (see countersign doctor), else 0.", []string{"connection", "provider", "kind"}},
		{"countersign_feed_deaf", "1 while not every change reaches us, or not in time, else 0.", []string{"connection", "provider"}},
		{"countersign_log_read_timestamp_seconds", "When the provider's log was last read.", []string{"connection", "provider"}},
		{"countersign_told_events", "Changes that the provider should push, by the way on which they came, in the last hour and the day before it.", []string{"connection", "provider", "way", "window"}},
		{"countersign_pushed_ratio", "Share of the last hour's changes in the log that were pushed, too; left out when there were none.", []string{"connection", "provider"}},
	} {
		f.desc[d.name] = prometheus.NewDesc(d.name, d.help, d.labels, nil)
	}
	return f
}

// Describe is prometheus.Collector's.
func (f *figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range f.desc {
		ch <- d
	}
}

// Collect is prometheus.Collector's.
func (f *figures) Collect(ch chan<- prometheus.Metric) {
	look, now, err := f.look()
	g := gauges{f: f, ch: ch, now: now}
	g.flag("countersign_look_ok", err == nil)
	if err != nil {
		return
	}
	g.set("countersign_inbox_undecided", float64(look.Undecided))
	g.set("countersign_inbox_failed", float64(look.Failed))
	g.set("countersign_inbox_oldest_seconds", g.age(look.Oldest))
	for conn := range f.known {
		for _, s := range []holds.Standing{holds.Gated, holds.Contained, holds.Observed} {
			g.set("countersign_holds_open", float64(look.Open[conn][s]), string(conn), string(s))
		}
	}
	g.jobs(look.Jobs)
	for _, feed := range look.Feeds {
		g.feed(feed)
	}
}

// look is what the database said last, asked again when that is too old. Whoever
// asks meanwhile waits for the same answer.
func (f *figures) look() (Look, time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at.IsZero() || time.Since(f.at) >= lookKept {
		ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
		defer cancel()
		f.last, f.err = f.o.Looker.Look(ctx)
		f.at = time.Now()
		if f.err != nil {
			f.o.Logger.Warn("the figures could not be read", "error", f.err)
		}
	}
	return f.last, f.o.Now(), f.err
}

// gauges sends the metrics of one collection.
type gauges struct {
	f   *figures
	ch  chan<- prometheus.Metric
	now time.Time
}

func (g gauges) set(name string, v float64, labels ...string) {
	g.ch <- prometheus.MustNewConstMetric(g.f.desc[name], prometheus.GaugeValue, v, labels...)
}

func (g gauges) flag(name string, is bool, labels ...string) {
	v := 0.0
	if is {
		v = 1
	}
	g.set(name, v, labels...)
}

func (g gauges) age(since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, g.now.Sub(since).Seconds())
}

// jobs has a line for every effect there is, and for none that there is not.
func (g gauges) jobs(all []Jobs) {
	for _, kind := range holds.EffectKinds() {
		var j Jobs
		if i := slices.IndexFunc(all, func(j Jobs) bool { return j.Kind == kind }); i >= 0 {
			j = all[i]
		}
		g.set("countersign_jobs_waiting", float64(j.Waiting), string(kind))
		g.set("countersign_jobs_given_up", float64(j.GivenUp), string(kind))
		g.set("countersign_jobs_oldest_seconds", g.age(j.Oldest), string(kind))
	}
}

func (g gauges) feed(feed Feed) {
	provider, ok := g.f.known[feed.Connection]
	if !ok {
		return // not of the configuration
	}
	conn := string(feed.Connection)
	for _, kind := range holds.FindingKinds() {
		g.flag("countersign_feed_finding", slices.Contains(feed.Found, kind), conn, provider, string(kind))
	}
	g.flag("countersign_feed_deaf", feed.Deaf, conn, provider)
	if !feed.Polled.IsZero() {
		g.set("countersign_log_read_timestamp_seconds", float64(feed.Polled.UnixMilli())/1000, conn, provider)
	}
	for window, n := range map[string]holds.TellingCount{"hour": feed.Telling.Hour, "day": feed.Telling.Day} {
		for way, v := range map[string]int{"pushed": n.Pushed, "late": n.Late, "only_log": n.OnlyLog, "only_push": n.OnlyPush} {
			g.set("countersign_told_events", float64(v), conn, provider, way, window)
		}
	}
	if pushed, of := feed.Telling.Hour.Share(); of > 0 {
		g.set("countersign_pushed_ratio", float64(pushed)/float64(of), conn, provider)
	}
}
