// Package entrasim is a Microsoft Entra tenant small enough to run inside a
// test or beside a demonstration: it keeps state and speaks the wire shapes of
// Microsoft Graph.
package entrasim
