package main

import (
	"strconv"
	"strings"
)

// command does what Redis's documentation says of it to the keys, and gives the reply.
type command func(keys map[string]value, words []string) string

const (
	missing   = "_"
	wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	noInteger = "-ERR value is not an integer or out of range"
	overflow  = "-ERR increment or decrement would overflow"
	noKey     = "-ERR no such key"
)

func integer(number int) string { return ":" + strconv.Itoa(number) }

func isTrue(condition bool) string {
	if condition {
		return ":1"
	}
	return ":0"
}

func setString(keys map[string]value, key, text string) {
	keys[key] = value{kind: "string", text: text}
}

// ofKind lets a command see the key only if it holds that kind, or nothing.
func ofKind(kind string, run func(keys map[string]value, key string, held value, rest []string) string) command {
	return func(keys map[string]value, words []string) string {
		held, exists := keys[words[0]]
		if exists && held.kind != kind {
			return wrongType
		}
		return run(keys, words[0], held, words[1:])
	}
}

func bulk(text string, exists bool) string {
	if !exists {
		return missing
	}
	return "$" + text
}

func bulks(texts []string) string {
	replies := make([]string, len(texts))
	for i, text := range texts {
		replies[i] = "$" + text
	}
	return list(replies)
}

// number is an integer of 64 bits in its one spelling.
func number(text string) (int64, bool) {
	parsed, err := strconv.ParseInt(text, 10, 64)
	return parsed, err == nil && strconv.FormatInt(parsed, 10) == text
}

// sum adds where that does not overflow.
func sum(a, b int64) (int64, bool) {
	total := a + b
	return total, (total > a) == (b > 0)
}

// add is INCRBY, with the amount negated for DECRBY.
func add(keys map[string]value, key string, amount int64) string {
	held, exists := keys[key]
	if exists && held.kind != "string" {
		return wrongType
	}
	before := int64(0)
	if exists {
		var isNumber bool
		if before, isNumber = number(held.text); !isNumber {
			return noInteger
		}
	}
	after, fits := sum(before, amount)
	if !fits {
		return overflow
	}
	text := strconv.FormatInt(after, 10)
	setString(keys, key, text)
	return ":" + text
}

// part is what GETRANGE, LRANGE and LTRIM take of so many: both ends included, below 0 from the end.
func part(length int, first, last string) (from, to int) {
	from, _ = strconv.Atoi(first)
	to, _ = strconv.Atoi(last)
	if from < 0 {
		from = max(0, from+length)
	}
	if to < 0 {
		to += length
	}
	to = min(to+1, length)
	if from >= to {
		return 0, 0
	}
	return from, to
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

var commands = map[string]command{
	"EXISTS": func(keys map[string]value, words []string) string {
		found := 0
		for _, key := range words {
			if _, exists := keys[key]; exists {
				found++
			}
		}
		return integer(found)
	},
	"TYPE": func(keys map[string]value, words []string) string {
		if held, exists := keys[words[0]]; exists {
			return "+" + held.kind
		}
		return "+none"
	},
	"TTL": func(keys map[string]value, words []string) string {
		if _, exists := keys[words[0]]; exists {
			return ":-1"
		}
		return ":-2"
	},
	"DEL": func(keys map[string]value, words []string) string {
		before := len(keys)
		for _, key := range words {
			delete(keys, key)
		}
		return integer(before - len(keys))
	},
	"RENAME": func(keys map[string]value, words []string) string {
		held, exists := keys[words[0]]
		if !exists {
			return noKey
		}
		delete(keys, words[0])
		keys[words[1]] = held
		return "+OK"
	},
	"RENAMENX": func(keys map[string]value, words []string) string {
		held, exists := keys[words[0]]
		if !exists {
			return noKey
		}
		if _, taken := keys[words[1]]; taken {
			return ":0"
		}
		delete(keys, words[0])
		keys[words[1]] = held
		return ":1"
	},

	"GET": ofKind("string", func(keys map[string]value, key string, held value, _ []string) string {
		return bulk(held.text, held.kind != "")
	}),
	"STRLEN": ofKind("string", func(_ map[string]value, _ string, held value, _ []string) string {
		return integer(len(held.text))
	}),
	"GETRANGE": ofKind("string", func(_ map[string]value, _ string, held value, rest []string) string {
		from, to := part(len(held.text), rest[0], rest[1])
		return "$" + held.text[from:to]
	}),
	"SET": func(keys map[string]value, words []string) string {
		key := words[0]
		held, exists := keys[key]
		options := map[string]bool{}
		for _, option := range words[2:] {
			options[option] = true
		}
		if options["GET"] && exists && held.kind != "string" {
			return wrongType
		}
		isSet := !(options["NX"] && exists) && !(options["XX"] && !exists)
		if isSet {
			setString(keys, key, words[1])
		}
		if options["GET"] {
			return bulk(held.text, exists)
		}
		if !isSet {
			return missing
		}
		return "+OK"
	},
	"SETNX": func(keys map[string]value, words []string) string {
		if _, exists := keys[words[0]]; exists {
			return ":0"
		}
		setString(keys, words[0], words[1])
		return ":1"
	},
	"GETSET": ofKind("string", func(keys map[string]value, key string, held value, rest []string) string {
		setString(keys, key, rest[0])
		return bulk(held.text, held.kind != "")
	}),
	"GETDEL": ofKind("string", func(keys map[string]value, key string, held value, _ []string) string {
		delete(keys, key)
		return bulk(held.text, held.kind != "")
	}),
	"APPEND": ofKind("string", func(keys map[string]value, key string, held value, rest []string) string {
		setString(keys, key, held.text+rest[0])
		return integer(len(held.text) + len(rest[0]))
	}),
	"SETRANGE": ofKind("string", func(keys map[string]value, key string, held value, rest []string) string {
		if rest[1] == "" {
			return integer(len(held.text))
		}
		offset, _ := strconv.Atoi(rest[0])
		text := held.text
		if len(text) < offset {
			text += strings.Repeat("\x00", offset-len(text))
		}
		after := text[:offset] + rest[1]
		if len(text) > len(after) {
			after += text[len(after):]
		}
		setString(keys, key, after)
		return integer(len(after))
	}),
	"INCR": func(keys map[string]value, words []string) string { return add(keys, words[0], 1) },
	"DECR": func(keys map[string]value, words []string) string { return add(keys, words[0], -1) },
	"INCRBY": func(keys map[string]value, words []string) string {
		amount, isNumber := number(words[1])
		if !isNumber {
			return noInteger
		}
		return add(keys, words[0], amount)
	},
	"DECRBY": func(keys map[string]value, words []string) string {
		amount, isNumber := number(words[1])
		if !isNumber {
			return noInteger
		}
		return add(keys, words[0], -amount)
	},
	"MGET": func(keys map[string]value, words []string) string {
		replies := make([]string, len(words))
		for i, key := range words {
			held := keys[key]
			replies[i] = bulk(held.text, held.kind == "string")
		}
		return list(replies)
	},
	"MSET": func(keys map[string]value, words []string) string {
		for i := 0; i < len(words); i += 2 {
			setString(keys, words[i], words[i+1])
		}
		return "+OK"
	},
	"MSETNX": func(keys map[string]value, words []string) string {
		for i := 0; i < len(words); i += 2 {
			if _, exists := keys[words[i]]; exists {
				return ":0"
			}
		}
		for i := 0; i < len(words); i += 2 {
			setString(keys, words[i], words[i+1])
		}
		return ":1"
	},
}
