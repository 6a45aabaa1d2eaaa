'use strict'

// What a driver is, in JavaScript: called as `DRIVER BOOTSTRAP CASE TOPIC` with the case's arguments as JSON on stdin, it prints its
// result as one line of JSON. Bytes travel as base64, and null stays null. What each case does is told in ../README.md.

// How long any single wait may last before the driver gives up and says what it waited for.
const WAIT_MS = 45_000

const pack = data => (data === null || data === undefined ? null : Buffer.from(data).toString('base64'))
const unpack = text => (text === null || text === undefined ? null : Buffer.from(text, 'base64'))

/** Calls `look` until `good` holds for what it returns, for at most WAIT_MS, and returns that. */
async function until(waitingFor, look, good) {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const seen = await look()
    if (good(seen)) return seen
    if (Date.now() > end) throw new Error(`gave up waiting for ${waitingFor}; last seen: ${JSON.stringify(seen)}`)
    await new Promise(resolve => setTimeout(resolve, 50)) // the pace of polling: `good` alone ends the wait
  }
}

const isLate = value => value.startsWith('late-')
const distinct = (values, late) => [...new Set(values.filter(value => isLate(value) === late))].sort()

/**
 * One member takes everything, a second one halves it, and when that one leaves the first has everything again. While the group is
 * shared, one record "late-N" is produced to every partition. A member has `owned`, `values`, `failure` and `stop()`.
 */
async function groupOfTwo(join, produceLate, args) {
  const total = args.partitions
  const members = [await join()]
  const assignments = () => members.map(member => {
    if (member.failure) throw member.failure
    return [...member.owned].sort()
  })
  const readAll = (early, late) => until('the members to read the topic', () => {
    assignments()
    const values = members.flatMap(member => member.values)
    return [distinct(values, false).length, distinct(values, true).length]
  }, ([earlySeen, lateSeen]) => earlySeen >= early && lateSeen >= late)

  const alone = await until('the first member to own every partition', assignments, a => a[0].length === total)
  await readAll(args.count, 0)
  members.push(await join())
  const [first, second] = members
  const shared = await until('the two members to share the partitions', assignments, a =>
    a[0].length === total / 2 && a[1].length === total / 2 && !a[0].some(partition => a[1].includes(partition)))
  await produceLate(total)
  await readAll(args.count, total)
  const late = members.map(member => distinct(member.values, true).length)
  members.pop()
  await second.stop()
  const after = await until('the first member to own every partition again', assignments, a => a[0].length === total)
  await first.stop()
  return {
    alone: alone[0],
    shared_sizes: shared.map(part => part.length),
    shared_union: shared.flat().sort(),
    late,
    after: after[0],
    read_by_first: distinct(first.values, false),
  }
}

async function readStdin() {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Runs the case that the command line names. */
async function main(cases) {
  const [bootstrap, name, topic] = process.argv.slice(2)
  if (!cases[name]) throw new Error(`no case ${name}`)
  const result = await cases[name](bootstrap, topic, JSON.parse((await readStdin()) || '{}'))
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

module.exports = { WAIT_MS, pack, unpack, until, groupOfTwo, main }
