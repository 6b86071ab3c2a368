# The batched ascent, compiled with tf.function, the mean written as an einsum with the identity matrix. The
# images come out stacked along the last axis: an array of shape (28, 28, 64).
#
# /// label
# ///

# %% cnn
WIDTHS = (8, 16, 32, 64)

inputs = layers.Input(shape=(28, 28, 1))
x = inputs
for depth, width in enumerate(WIDTHS):
    name = f"conv2d_{depth}" if depth else "conv2d"
    x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
    if depth == 0:
        x = layers.MaxPooling2D()(x)
x = layers.AveragePooling2D(2)(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs, name="einsum_net")

# %% train
model.compile(keras.optimizers.Adam(), keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2, validation_data=(x_test, y_test))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

trunk = keras.Model(inputs, model.get_layer(layer_name).output)
height, width = trunk.output_shape[1:3]
identity = tf.eye(number_of_filters)


@tf.function
def one_step(batch):
    with tf.GradientTape() as tape:
        tape.watch(batch)
        # image n, filter f: only n == f counts
        score = tf.einsum("nhwf,nf->", trunk(batch), identity) / (height * width)
    g = tape.gradient(score, batch)
    norm = tf.sqrt(tf.reduce_mean(g * g, axis=[1, 2, 3], keepdims=True)) + KTF.epsilon()
    return batch + step_size * g / norm, score


batch = tf.random.uniform([number_of_filters, 28, 28, 1])
scores = []
for _ in range(gradient_updates):
    batch, score = one_step(batch)
    scores.append(float(score))

plt.plot(scores)
plt.ylabel("sum of the 64 mean activations")
plt.show()

visualized_feature = np.moveaxis(batch.numpy()[..., 0], 0, -1)
print(visualized_feature.shape)  # (28, 28, 64)

# %% plot
figure, axes = plt.subplots(nrows=8, ncols=8, figsize=(12, 12))
for i, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[:, :, i].copy()), cmap="gray")
    ax.set(title=f"feature {i}", xticks=[], yticks=[])
plt.show()
