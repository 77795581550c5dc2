// What lies behind each place of a packed batch, as numbers for a dense product.

/**
 * For each place that has a target a row of `decays.length` times `width` numbers: how recently its patient had each code, as decay^n for n places since,
 * 0 for never. Of the decays, 0 tells the present code and 1 all that were ever there. A patient's places begin anew: nothing crosses from the one packed
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
