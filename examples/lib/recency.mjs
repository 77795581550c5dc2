// Features of the codes before each position of a packed batch, for a dense product.

/**
 * One row per position with a target, with `decays.length` times `width` numbers: for each code decay^n,
 * where n is the number of positions since the patient last had it, or 0 if never. Decay 0 shows the present
 * code, decay 1 all codes so far. Each patient starts anew: nothing is carried over from the patient packed
 * before.
 */
export function recency({ code, next_code: next, segment_ids: segments }, width, decays) {
  const places = [...next.keys()].filter((place) => next[place] !== 0);
  const x = new Float32Array(places.length * decays.length * width);
  const state = new Float32Array(decays.length * width);
  let row = 0;
  for (let place = 0; row < places.length; place += 1) {
    if (place > 0 && segments[place] !== segments[place - 1]) state.fill(0);
    for (const [d, decay] of decays.entries()) {
      const begin = d * width;
      for (let i = begin; i < begin + width; i += 1) state[i] *= decay;
      state[begin + code[place]] = 1;
    }
    if (place === places[row]) x.set(state, row++ * state.length);
  }
  return { x, targets: Int32Array.from(places, (place) => next[place]) };
}
