package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/anishathalye/porcupine"
)

// state is what keys hold, and which operations were done that others of their connection wait for. Never changed once made.
type state struct {
	keys map[string]value
	done map[int]bool
	// The same for equal states only.
	text string
}

// value is what a key holds: one of the three.
type value struct {
	kind   string
	text   string
	fields map[string]string
	items  []string
}

var model = porcupine.Model{
	Init: func() interface{} { return named(map[string]value{}, map[int]bool{}) },
	Step: func(before, input, output interface{}) (bool, interface{}) {
		return step(before.(*state), input.(request), output)
	},
	Equal: func(a, b interface{}) bool { return a.(*state).text == b.(*state).text },
	DescribeOperation: func(input, output interface{}) string {
		return fmt.Sprintf("%v → %v", input.(request).commands, output)
	},
	DescribeState: func(described interface{}) string { return described.(*state).text },
}

func step(before *state, asked request, output interface{}) (bool, interface{}) {
	// What its own connection asked before must have been done.
	if asked.after != none && !before.done[asked.after] {
		return false, before
	}
	keys := copied(before.keys)
	reply := run(keys, asked.commands)
	if output != nil && output.(string) != reply {
		return false, before
	}
	done := before.done
	if asked.after != none || asked.isAwaited {
		done = map[int]bool{}
		for number := range before.done {
			done[number] = true
		}
		// Only one that is answered may wait for it, or only some that are not: nothing is answered after one that was not.
		if asked.isAnswered {
			delete(done, asked.after)
		}
		if asked.isAwaited {
			done[asked.number] = true
		}
	}
	return true, named(keys, done)
}

// run does one command, or a transaction, and gives the reply as `normalized` does.
func run(keys map[string]value, sent [][]string) string {
	if sent[0][0] != "MULTI" {
		return commands[sent[0][0]](keys, sent[0][1:])
	}
	if sent[len(sent)-1][0] == "DISCARD" {
		return "+OK"
	}
	replies := []string{}
	for _, words := range sent[1 : len(sent)-1] {
		replies = append(replies, commands[words[0]](keys, words[1:]))
	}
	return list(replies)
}

func isKnown(words []string) bool {
	if words[0] == "MULTI" || words[0] == "EXEC" || words[0] == "DISCARD" {
		return true
	}
	_, known := commands[words[0]]
	return known
}

// list is a reply of several: each with its length, so that it can be told from any other.
func list(replies []string) string {
	var text strings.Builder
	text.WriteString("*")
	for _, reply := range replies {
		fmt.Fprintf(&text, "%d:%s", len(reply), reply)
	}
	return text.String()
}

// normalized turns a reply of the history, lists of which are JSON, into the form of `list`.
func normalized(reply string) string {
	if !strings.HasPrefix(reply, "*") {
		return reply
	}
	var elements []string
	if err := json.Unmarshal([]byte(reply[1:]), &elements); err != nil {
		panic(err)
	}
	for i, element := range elements {
		elements[i] = normalized(element)
	}
	return list(elements)
}

func copied(keys map[string]value) map[string]value {
	result := make(map[string]value, len(keys)+1)
	for key, held := range keys {
		result[key] = held
	}
	return result
}

func named(keys map[string]value, done map[int]bool) *state {
	parts := []string{}
	for key, held := range keys {
		parts = append(parts, list([]string{key, held.kind, held.text, list(pairs(held.fields)), list(held.items)}))
	}
	for number := range done {
		parts = append(parts, fmt.Sprint(number))
	}
	sort.Strings(parts)
	return &state{keys, done, list(parts)}
}

// pairs are fields and values, by field.
func pairs(fields map[string]string) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	result := make([]string, 0, 2*len(names))
	for _, name := range names {
		result = append(result, name, fields[name])
	}
	return result
}
