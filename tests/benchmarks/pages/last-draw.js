// When something was last drawn, whoever draws it: by strokes, images or a GPU that takes no time. Strokes are only
// noted down by the call and painted with the frame, so that a drawing counts when its frame has been made.
window.lastDraw = 0;

/** Resolves when what was drawn up to now is painted. */
window.painted = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => resolve(performance.now());
    requestAnimationFrame(() => port1.postMessage(0));
  });

let awaited = false;
window.drew = () => {
  if (awaited) return;
  awaited = true;
  window.painted().then((now) => {
    awaited = false;
    window.lastDraw = now;
  });
};
for (const name of ['stroke', 'fill', 'putImageData', 'drawImage']) {
  const draw = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...args) {
    window.drew();
    return draw.apply(this, args);
  };
}

/** Milliseconds from `begun` to the last painting; waits until nothing was painted for a while by an idle page. */
window.drawnSince = (begun, quiet = 500) =>
  new Promise((resolve) => {
    let seen = -1;
    let polls = 0;
    const look = setInterval(() => {
      polls = window.lastDraw === seen && !awaited ? polls + 1 : 0;
      seen = window.lastDraw;
      if (polls * 50 < quiet || seen <= begun) return;
      clearInterval(look);
      resolve(seen - begun);
    }, 50);
  });

/** A WebGL whose every call returns at once: what is left is the library's own work. */
window.stubGpu = () => {
  const get = HTMLCanvasElement.prototype.getContext;
  const answers = {
    getExtension: () => ({}),
    getContextAttributes: () => ({ alpha: true, antialias: true, depth: true, stencil: true }),
    getSupportedExtensions: () => [],
    getShaderParameter: () => true,
    // No active attribute or uniform to be listed; linked and valid.
    getProgramParameter: (_program, what) => (what === 0x8b86 || what === 0x8b89 ? 0 : true),
    getParameter: (what) => (what === 0x1f02 ? 'WebGL 1.0' : 4096),
    checkFramebufferStatus: () => 36053,
    getError: () => 0,
    isContextLost: () => false,
    getAttribLocation: () => 0,
    getShaderPrecisionFormat: () => ({ precision: 23, rangeMin: 127, rangeMax: 127 }),
  };
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    if (!String(kind).includes('webgl')) return get.call(this, kind, ...rest);
    const canvas = this;
    canvas.stubbed ??= new Proxy(answers, {
      get: (target, name) => {
        if (name === 'canvas') return canvas;
        if (name === 'drawingBufferWidth') return canvas.width;
        if (name === 'drawingBufferHeight') return canvas.height;
        if (name in target) return target[name];
        if (typeof name === 'string' && name === name.toUpperCase()) return WebGLRenderingContext[name];
        if (name === 'drawArrays' || name === 'drawElements') return () => window.drew();
        return () => ({});
      },
    });
    return canvas.stubbed;
  };
};
