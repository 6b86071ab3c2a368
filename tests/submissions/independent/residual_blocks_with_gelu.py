# A small residual network, functional, with gelu and layer normalisation; five convolutions, 100 filters in
# the last. The first 64 of them are shown. Everything right.
#
# /// label
# ///

# %% cnn
def conv(n, name, size=3):
    return layers.Conv2D(n, size, padding="same", activation="gelu", name=name)


entry = keras.Input(shape=(28, 28, 1), name="digit")
h = conv(12, "conv2d", 5)(entry)
h = layers.MaxPooling2D(name="half")(h)

# residual block
r = conv(12, "conv2d_1")(h)
r = layers.Conv2D(12, 3, padding="same", name="conv2d_2")(r)
h = layers.add([h, r])
h = layers.LayerNormalization()(h)

h = layers.MaxPooling2D(name="quarter")(h)
h = conv(100, "conv2d_3")(h)
h = conv(16, "squeeze", 1)(h)
h = layers.Flatten()(h)
prob = layers.Dense(10, activation="softmax", name="prob")(h)

model = keras.Model(entry, prob, name="resnet_tiny")
model.summary()

# %% train
steps = 4 * len(x_train) // 32
schedule = keras.optimizers.schedules.CosineDecay(2e-3, steps)
model.compile(
    optimizer=keras.optimizers.Adam(schedule),
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # of 100

F = keras.Model(entry, model.get_layer(layer_name).output)


def climb(X):
    """X[k] goes uphill for filter k."""
    with tf.GradientTape() as tape:
        tape.watch(X)
        a = tf.reduce_mean(F(X), axis=[1, 2])[:, :number_of_filters]
        total = tf.reduce_sum(tf.linalg.diag_part(a))
    g = tape.gradient(total, X)
    rms = tf.sqrt(tf.reduce_mean(g * g, axis=[1, 2, 3], keepdims=True))
    return X + step_size * g / (rms + 1e-7)


X = tf.random.uniform((number_of_filters, 28, 28, 1))
for _ in range(gradient_updates):
    X = climb(X)

visualized_feature = [x for x in X.numpy()]

# %% plot
figure = plt.figure(figsize=(12, 12))
subfigs = figure.subplots(8, 8, gridspec_kw={"hspace": 0.35, "wspace": 0.05}).ravel()
for k, sub in enumerate(subfigs):
    sub.imshow(deprocess_image(visualized_feature[k].copy()), cmap="gray")
    sub.set_title(f"feature {k}", fontsize=8)
    sub.axis("off")
plt.show()
