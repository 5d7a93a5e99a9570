/**
 * What a Huffman-coded string of a header block says (RFC 7541 section 5.2, appendix B).
 *
 * The rules are:
 *   - the code is canonical: ordered by length, then by symbol; so its lengths alone are kept, and the rest follows;
 *   - four bits are read at a time; no code is shorter than five, so one step ends one symbol at most;
 *   - what follows the last symbol is at most seven bits of ones, and EOS never stands in a string.
 */

/** The bits of the code of each symbol, one digit in base 32 a symbol: 64 octets a line, EOS last. */
const codeLengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u'
const eos = 256
/** The longest padding, in bits: "a padding strictly longer than 7 bits MUST be treated as a decoding error". */
const maxPaddingBits = 7

/** The inner nodes of the tree of 257 symbols are the states: 0 is its root, and one more is where EOS leads. */
const states = 256
const broken = states
/** A step is the next state, the symbol that it ends, and this bit when it ends one. */
const endsSymbol = 1 << 17
const symbolShift = 9
const stateMask = (1 << symbolShift) - 1

const tree = buildTree()
/** For each state sixteen steps, one for each value of the next four bits. */
const steps = buildSteps()
/** The states that a string may end in: what was read since the last symbol is a padding. */
const isPadding = findPaddings()

/** Most that a step needs: a block of 64 KiB, all of it in the shortest codes. Longer strings get room of their own. */
const sharedRoom = Buffer.alloc((65_536 * 8) / 5 + 1)

/**
 * The string that the octets from `start` to `end` encode, one character an octet. Undefined when it is none: EOS in it,
 * padding that is too long or not all ones. Does not check the bounds, and any octet may come out.
 */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | undefined {
  const neededRoom = ((end - start) * 8) / 5 + 1
  const room = neededRoom <= sharedRoom.length ? sharedRoom : Buffer.alloc(Math.ceil(neededRoom))
  let state = 0
  let length = 0
  for (let at = start; at < end; at += 1) {
    const octet = bytes[at] ?? 0
    // The symbol is always written, and counted only if there is one: that is cheaper than to ask.
    const high = steps[(state << 4) | (octet >> 4)] ?? 0
    room[length] = high >> symbolShift
    if (high >= endsSymbol) length += 1
    const low = steps[((high & stateMask) << 4) | (octet & 15)] ?? 0
    room[length] = low >> symbolShift
    if (low >= endsSymbol) length += 1
    state = low & stateMask
  }
  return isPadding[state] === 1 ? room.toString('latin1', 0, length) : undefined
}

/** The two branches of every inner node: another inner node, or `~symbol`. */
function buildTree(): Int16Array {
  const branches = new Int16Array(states * 2)
  const lengths = Array.from(codeLengths, (digit) => Number.parseInt(digit, 32))
  const symbols = lengths.map((length, symbol) => ({ length, symbol }))
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol)
  let nodes = 1
  let code = 0
  let codeBits = 0
  for (const { length, symbol } of symbols) {
    code <<= length - codeBits
    codeBits = length
    let node = 0
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const branch = node * 2 + ((code >> bit) & 1)
      if (branches[branch] === 0) branches[branch] = nodes++
      node = branches[branch] ?? 0
    }
    branches[node * 2 + (code & 1)] = ~symbol
    code += 1
  }
  return branches
}

function buildSteps(): Int32Array {
  const all = new Int32Array((states + 1) * 16)
  for (let at = 0; at < all.length; at += 1) all[at] = buildStep(at >> 4, at & 15)
  return all
}

/** Where four bits lead from a state. EOS is no symbol: nothing leads out of what follows it. */
function buildStep(state: number, bits: number): number {
  if (state === broken) return broken
  let node = state
  let ended = 0
  for (let bit = 3; bit >= 0; bit -= 1) {
    const branch = tree[node * 2 + ((bits >> bit) & 1)] ?? 0
    if (branch === ~eos) return broken
    node = Math.max(branch, 0)
    if (branch < 0) ended = endsSymbol | (~branch << symbolShift)
  }
  return node | ended
}

/** "A padding not corresponding to the most significant bits of the code for the EOS symbol" is an error: all ones. */
function findPaddings(): Uint8Array {
  const found = new Uint8Array(states + 1)
  let node = 0
  for (let bits = 0; bits <= maxPaddingBits; bits += 1) {
    found[node] = 1
    node = tree[node * 2 + 1] ?? 0
  }
  return found
}
