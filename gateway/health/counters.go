package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/countersign/countersign/holds"
)

// counters are what this process counts by itself. Other replicas have their own.
type counters struct {
	known      map[holds.ConnectionID]bool
	deliveries *prometheus.CounterVec
	restrained *prometheus.HistogramVec
}

// unknownConnection is the label of whatever is of no connection of the
// configuration: strangers choose addresses as they like.
const unknownConnection = "unknown"

func newCounters(connections []Connection) counters {
	c := counters{
		known: map[holds.ConnectionID]bool{},
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "countersign_deliveries_total",
			Help: "Deliveries of hooks and pages of logs, by what became of them. Accepted and stored ones are durable.",
		}, []string{"connection", "source", "answer"}),
		restrained: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "countersign_restrained_seconds",
			Help:    "How long it took until an account's restraint was read back, since the change occurred or since we received it.",
			Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}, []string{"connection", "since"}),
	}
	for _, n := range connections {
		c.known[n.ID] = true
	}
	return c
}

func (c counters) all() []prometheus.Collector {
	return []prometheus.Collector{c.deliveries, c.restrained}
}

func (c counters) label(conn holds.ConnectionID) string {
	if !c.known[conn] {
		return unknownConnection
	}
	return string(conn)
}

// Delivered counts a delivery. answer is a word from the closed list of what becomes
// of deliveries, never anything that a caller sent.
func (c counters) Delivered(conn holds.ConnectionID, source holds.Source, answer string) {
	c.deliveries.WithLabelValues(c.label(conn), string(source), answer).Inc()
}

// Restrained counts how long it took from a change until its account was restrained.
func (c counters) Restrained(conn holds.ConnectionID, occurred, received, restrained time.Time) {
	for since, from := range map[string]time.Time{"occurred": occurred, "received": received} {
		if !from.IsZero() {
			c.restrained.WithLabelValues(c.label(conn), since).Observe(max(0, restrained.Sub(from).Seconds()))
		}
	}
}

func buildInfo(version string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "countersign_build_info", Help: "Always 1; the version is a label.", ConstLabels: prometheus.Labels{"version": version},
	})
	g.Set(1)
	return g
}

func newProcess() prometheus.Collector {
	return collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
}

func newRuntime() prometheus.Collector { return collectors.NewGoCollector() }
