# The whole climb of a group of filters is one tf.while_loop inside one tf.function: images go in, images come out after
# 50 steps. Each gradient is divided by its own RMS. Everything right.
#
# /// label
# ///

# %% cnn
i = layers.Input(shape=(28, 28, 1))
x = layers.Rescaling(2.0, offset=-1.0)(i)
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d")(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(48, 3, padding="same", activation="relu", name="conv2d_3")(x)
x = layers.GlobalMaxPooling2D()(x)
o = layers.Dense(10, activation="softmax")(x)
model = keras.Model(i, o)

# %% train
model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 48
per_call = 12

maps = keras.Model(i, model.get_layer(layer_name).output)


@tf.function
def climb(images, filters):
    pick = tf.one_hot(filters, number_of_filters)

    def not_yet(step, images):
        return step < gradient_updates

    def uphill(step, images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            means = tf.reduce_mean(maps(images), axis=[1, 2])
            objective = tf.reduce_sum(means * pick)
        g = tape.gradient(objective, images)
        rms = tf.sqrt(tf.reduce_mean(tf.square(g), axis=[1, 2, 3], keepdims=True))
        return step + 1, images + step_size * g / (rms + 1e-7)

    _, images = tf.while_loop(not_yet, uphill, (tf.constant(0), images))
    return images


parts = []
for first in range(0, number_of_filters, per_call):
    noise = tf.random.uniform((per_call, 28, 28, 1))
    parts.append(climb(noise, tf.range(first, first + per_call)))
visualized_feature = tf.concat(parts, axis=0).numpy()
print(visualized_feature.shape)

# %% plot
figure, axes = plt.subplots(6, 8, figsize=(12, 10))
for n in range(number_of_filters):
    ax = axes[n // 8, n % 8]
    ax.imshow(deprocess_image(visualized_feature[n].copy())[:, :, 0], cmap="gray")
    ax.set_title(f"feature {n}", fontsize=8)
    ax.axis("off")
plt.show()
