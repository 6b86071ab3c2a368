# All 64 images climb as one batch; an einsum picks map i of image i. The result is one array of 64 x 28 x
# 28 without a channel axis. Each gradient is normalised by itself. Everything right.
#
# /// label
# ///

# %% cnn
X = layers.Input(shape=(28, 28, 1))
c = lambda n, k: layers.Conv2D(n, 3, padding="same", activation="leaky_relu", name=k)
h = c(8, "conv2d")(X)
h = layers.AveragePooling2D(2)(h)
h = c(16, "conv2d_1")(h)
h = c(32, "conv2d_2")(h)
h = layers.MaxPooling2D()(h)
F = c(64, "conv2d_3")(h)
p = layers.Dense(10, "softmax")(layers.Flatten()(F))
model = keras.Model(X, p)

# %% train
model.compile(keras.optimizers.Adam(2e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
plt.semilogy(results.history["loss"], "k.-")
plt.show()

# %% ascent
layer_name = "conv2d_3"
phi = keras.Model(X, F)
n = F.shape[-1]

rng = np.random.default_rng(2024)
Z = tf.constant(rng.random((n, 28, 28, 1)), tf.float32)

for t in range(gradient_updates):
    with tf.GradientTape() as tape:
        tape.watch(Z)
        A = tf.einsum("ihwi->i", phi(Z)) / (F.shape[1] * F.shape[2])
        S = tf.reduce_sum(A)  # dS/dZ_i = dA_i/dZ_i
    G = tape.gradient(S, Z)
    G /= tf.sqrt(tf.einsum("nhwc,nhwc->n", G, G) / 784)[:, None, None, None] + 1e-7
    Z += step_size * G
    if t % 7 == 0:
        print(t, A.numpy().mean().round(3))

visualized_feature = Z.numpy()[..., 0]

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, x in enumerate(visualized_feature):
    ax = figure.add_subplot(8, 8, 1 + i)
    ax.imshow(deprocess_image(x.copy()), cmap="gray")
    ax.set_title(f"feature {i}", size=8)
    ax.set_axis_off()

plt.show()
