package main

import (
	"strconv"
)

// changed keeps fields as the key's hash; without any there is no key.
func changed(keys map[string]value, key string, fields map[string]string) {
	if len(fields) == 0 {
		delete(keys, key)
	} else {
		keys[key] = value{kind: "hash", fields: fields}
	}
}

func copiedFields(fields map[string]string) map[string]string {
	result := make(map[string]string, len(fields)+1)
	for field, held := range fields {
		result[field] = held
	}
	return result
}

// kept keeps items as the key's list; without any there is no key.
func kept(keys map[string]value, key string, items []string) {
	if len(items) == 0 {
		delete(keys, key)
	} else {
		keys[key] = value{kind: "list", items: items}
	}
}

func joined(a, b []string) []string {
	return append(append(make([]string, 0, len(a)+len(b)), a...), b...)
}

func reversed(items []string) []string {
	result := make([]string, len(items))
	for i, item := range items {
		result[len(items)-1-i] = item
	}
	return result
}

// without removes up to so many of one element, from the left.
func without(items []string, element string, count int) []string {
	result := []string{}
	for _, item := range items {
		if item == element && count > 0 {
			count--
		} else {
			result = append(result, item)
		}
	}
	return result
}

func init() {
	hash := func(name string, run func(keys map[string]value, key string, fields map[string]string, rest []string) string) {
		commands[name] = ofKind("hash", func(keys map[string]value, key string, held value, rest []string) string {
			return run(keys, key, held.fields, rest)
		})
	}
	hash("HGET", func(_ map[string]value, _ string, fields map[string]string, rest []string) string {
		text, exists := fields[rest[0]]
		return bulk(text, exists)
	})
	hash("HEXISTS", func(_ map[string]value, _ string, fields map[string]string, rest []string) string {
		_, exists := fields[rest[0]]
		return isTrue(exists)
	})
	hash("HLEN", func(_ map[string]value, _ string, fields map[string]string, _ []string) string {
		return integer(len(fields))
	})
	hash("HSTRLEN", func(_ map[string]value, _ string, fields map[string]string, rest []string) string {
		return integer(len(fields[rest[0]]))
	})
	hash("HMGET", func(_ map[string]value, _ string, fields map[string]string, rest []string) string {
		replies := []string{}
		for _, field := range rest {
			text, exists := fields[field]
			replies = append(replies, bulk(text, exists))
		}
		return list(replies)
	})
	hash("HKEYS", func(_ map[string]value, _ string, fields map[string]string, _ []string) string {
		names := []string{}
		for i, text := range pairs(fields) {
			if i%2 == 0 {
				names = append(names, text)
			}
		}
		return bulks(names)
	})
	hash("HGETALL", func(_ map[string]value, _ string, fields map[string]string, _ []string) string {
		return bulks(pairs(fields))
	})
	hash("HSET", func(keys map[string]value, key string, fields map[string]string, rest []string) string {
		after := copiedFields(fields)
		for i := 0; i < len(rest); i += 2 {
			after[rest[i]] = rest[i+1]
		}
		changed(keys, key, after)
		return integer(len(after) - len(fields))
	})
	hash("HSETNX", func(keys map[string]value, key string, fields map[string]string, rest []string) string {
		if _, exists := fields[rest[0]]; exists {
			return ":0"
		}
		after := copiedFields(fields)
		after[rest[0]] = rest[1]
		changed(keys, key, after)
		return ":1"
	})
	hash("HDEL", func(keys map[string]value, key string, fields map[string]string, rest []string) string {
		after := copiedFields(fields)
		for _, field := range rest {
			delete(after, field)
		}
		changed(keys, key, after)
		return integer(len(fields) - len(after))
	})
	hash("HINCRBY", func(keys map[string]value, key string, fields map[string]string, rest []string) string {
		amount, isNumber := number(rest[1])
		if !isNumber {
			return noInteger
		}
		before := int64(0)
		if text, exists := fields[rest[0]]; exists {
			if before, isNumber = number(text); !isNumber {
				return "-ERR hash value is not an integer"
			}
		}
		sum, fits := sum(before, amount)
		if !fits {
			return overflow
		}
		after := copiedFields(fields)
		after[rest[0]] = strconv.FormatInt(sum, 10)
		changed(keys, key, after)
		return ":" + after[rest[0]]
	})

	lists := func(name string, run func(keys map[string]value, key string, items []string, rest []string) string) {
		commands[name] = ofKind("list", func(keys map[string]value, key string, held value, rest []string) string {
			return run(keys, key, held.items, rest)
		})
	}
	lists("LLEN", func(_ map[string]value, _ string, items []string, _ []string) string { return integer(len(items)) })
	lists("LRANGE", func(_ map[string]value, _ string, items []string, rest []string) string {
		from, to := part(len(items), rest[0], rest[1])
		return bulks(items[from:to])
	})
	lists("LINDEX", func(_ map[string]value, _ string, items []string, rest []string) string {
		index, _ := strconv.Atoi(rest[0])
		if index < 0 {
			index += len(items)
		}
		if index < 0 || index >= len(items) {
			return missing
		}
		return "$" + items[index]
	})
	lists("RPUSH", func(keys map[string]value, key string, items []string, rest []string) string {
		kept(keys, key, joined(items, rest))
		return integer(len(items) + len(rest))
	})
	lists("LPUSH", func(keys map[string]value, key string, items []string, rest []string) string {
		kept(keys, key, joined(reversed(rest), items))
		return integer(len(items) + len(rest))
	})
	lists("RPUSHX", func(keys map[string]value, key string, items []string, rest []string) string {
		if len(items) == 0 {
			return ":0"
		}
		kept(keys, key, joined(items, rest))
		return integer(len(items) + len(rest))
	})
	lists("LPOP", func(keys map[string]value, key string, items []string, rest []string) string {
		if len(items) == 0 {
			return missing
		}
		if len(rest) == 0 {
			kept(keys, key, items[1:])
			return "$" + items[0]
		}
		count, _ := strconv.Atoi(rest[0])
		count = min(count, len(items))
		kept(keys, key, items[count:])
		return bulks(items[:count])
	})
	lists("RPOP", func(keys map[string]value, key string, items []string, _ []string) string {
		if len(items) == 0 {
			return missing
		}
		kept(keys, key, items[:len(items)-1])
		return "$" + items[len(items)-1]
	})
	lists("LTRIM", func(keys map[string]value, key string, items []string, rest []string) string {
		from, to := part(len(items), rest[0], rest[1])
		kept(keys, key, items[from:to])
		return "+OK"
	})
	lists("LSET", func(keys map[string]value, key string, items []string, rest []string) string {
		if len(items) == 0 {
			return noKey
		}
		index, _ := strconv.Atoi(rest[0])
		if index < 0 {
			index += len(items)
		}
		if index < 0 || index >= len(items) {
			return "-ERR index out of range"
		}
		after := joined(items, nil)
		after[index] = rest[1]
		kept(keys, key, after)
		return "+OK"
	})
	lists("LREM", func(keys map[string]value, key string, items []string, rest []string) string {
		count, _ := strconv.Atoi(rest[0])
		var after []string
		switch {
		case count > 0:
			after = without(items, rest[1], count)
		case count < 0:
			after = reversed(without(reversed(items), rest[1], -count))
		default:
			after = without(items, rest[1], len(items))
		}
		kept(keys, key, after)
		return integer(len(items) - len(after))
	})
	commands["LMOVE"] = func(keys map[string]value, words []string) string {
		source, exists := keys[words[0]]
		target, targetExists := keys[words[1]]
		if !exists {
			return missing
		}
		if source.kind != "list" || (targetExists && target.kind != "list") {
			return wrongType
		}
		// LEFT RIGHT is all that the lab asks.
		kept(keys, words[0], source.items[1:])
		kept(keys, words[1], joined(keys[words[1]].items, source.items[:1]))
		return "$" + source.items[0]
	}
}
