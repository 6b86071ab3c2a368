# A functional network of six convolutions; a rescaling to [-1, 1] and a random shift of the digits are
# layers of the network. In this Keras such a layer shifts unless it is told training=False, and that is
# what the ascent says. The last convolution has 48 filters: a grid of 6 x 8. Correct.
#
# /// label
# ///

# %% cnn
augmentation = keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Rescaling(2.0, offset=-1.0),
        layers.RandomTranslation(0.05, 0.05, fill_mode="nearest"),
    ],
    name="augmentation",
)

inp = keras.Input(shape=(28, 28, 1))
x = augmentation(inp)

x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(x)
x = layers.MaxPooling2D()(x)

x = layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d_1")(x)
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(x)
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_3")(x)
x = layers.MaxPooling2D()(x)

x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_4")(x)
x = layers.Conv2D(48, 3, padding="same", activation="relu", name="conv2d_5")(x)

x = layers.Flatten()(x)
out = layers.Dense(10, activation="softmax")(x)

model = keras.Model(inp, out)
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(1.5e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)
print("test:", model.evaluate(x_test, y_test, verbose=0))

# %% ascent
layer_name = "conv2d_5"
number_of_filters = 48
visualized_feature = []

until_here = keras.Model(inp, model.get_layer(layer_name).output)
own_filter = tf.eye(number_of_filters)


def mean_activation(imgs):
    # training=False! Otherwise the augmentation moves my images around in each step
    maps = until_here(imgs, training=False)
    means = tf.reduce_mean(maps, axis=[1, 2])
    return tf.reduce_sum(means * own_filter, axis=1)


input_imgs = tf.Variable(np.random.uniform(size=(number_of_filters, 28, 28, 1)), dtype=tf.float32)
print("before:", mean_activation(input_imgs).numpy().round(2))

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        loss = mean_activation(input_imgs)
    grads = tape.gradient(loss, input_imgs)
    grads = tf.map_fn(normalize, grads)
    input_imgs.assign_add(step_size * grads)

print("after:", mean_activation(input_imgs).numpy().round(2))

for filter_index in range(number_of_filters):
    visualized_feature.append(input_imgs[filter_index].numpy())

# %% plot
figure = plt.figure(figsize=(12, 9.5))
for i, img in enumerate(visualized_feature):
    ax = figure.add_subplot(6, 8, i + 1)
    ax.imshow(deprocess_image(img.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")
figure.tight_layout()
plt.show()
