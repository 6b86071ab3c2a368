"""The reference solution of the first exercise, with one module per step, and of the second.

1. `solutions.data`: handwritten digits, from MNIST or from the bundled data.
2. `solutions.cnn`: a small convolutional network, trained to recognize them.
3. `solutions.gradient_ascent`: for every filter of a layer, the image that activates it most
   (`solutions.own_maps`: only the feature maps that this needs).
4. `solutions.deprocess`: those images as grey levels.
5. `solutions.plots`: all of them in one grid.

The second exercise is one module, `solutions.ising_maps`.

    from solutions.cnn import build_cnn, train
    from solutions.data import load_mnist
    from solutions.gradient_ascent import visualize_filters
    from solutions.plots import plot_feature_grid

    model = build_cnn()
    train(model, load_mnist())
    ascent = visualize_filters(model, "conv2d_3")
    plot_feature_grid(ascent.images, dead=ascent.dead).savefig("grid.png")

This module imports nothing, so that reading data or plotting does not wait for TensorFlow.
"""
