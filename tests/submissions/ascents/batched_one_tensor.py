# All 64 images are one tensor (64, 28, 28, 1) and climb together: a one-hot mask lets image i see map i
# only. Each image is normalised by its own rms. The result is one numpy array (64, 28, 28), not a list.
#
# /// label
# ///

# %% cnn
inp = layers.Input((28, 28, 1))
h = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(inp)
h = layers.AveragePooling2D(2)(h)
h = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(h)
h = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(h)
h = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(h)
h = layers.MaxPooling2D(2)(h)
out = layers.Dense(10, activation="softmax")(layers.Flatten()(h))
model = keras.Model(inp, out)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, verbose=0)
plt.semilogy(results.history["loss"]); plt.xlabel("epoch"); plt.show()

# %% ascent
layer_name = "conv2d_3"
F = keras.Model(inp, model.get_layer(layer_name).output)
N = F.output_shape[-1]
mask = tf.eye(N)[:, None, None, :]  # picks map n of image n

X = tf.Variable(np.random.rand(N, 28, 28, 1), dtype=tf.float32)
for t in range(gradient_updates):
    with tf.GradientTape() as tape:
        a = tf.reduce_mean(tf.reduce_sum(F(X) * mask, axis=-1), axis=(1, 2))
        A = tf.reduce_sum(a)  # dA/dX_n = da_n/dX_n, the images do not talk to each other
    g = tape.gradient(A, X)
    rms = tf.sqrt(tf.reduce_mean(g**2, axis=(1, 2, 3), keepdims=True))  # one per image!
    X.assign_add(step_size * g / (rms + 1e-7))

visualized_feature = X.numpy()[..., 0]
visualized_feature.shape

# %% plot
figure, axs = plt.subplots(8, 8, figsize=(12, 12))
for n, ax in enumerate(axs.ravel()):
    ax.imshow(deprocess_image(visualized_feature[n].copy()), cmap="gray")
    ax.set_title(f"feature {n}", fontsize=8)
    ax.set_axis_off()
plt.show()
