# A small residual network: two blocks of two convolutions with a shortcut around them, and a last
# convolution after that, called last_conv, which is visualised with its 64 filters. Everything is right.
#
# /// label
# ///

# %% cnn
def residual_block(x, filters, names):
    """Two convolutions, and what came in is added to what comes out."""
    shortcut = x
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=names[0])(x)
    x = layers.Conv2D(filters, 3, padding="same", name=names[1])(x)
    x = layers.Add()([shortcut, x])
    return layers.Activation("relu")(x)


inputs = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="stem")(inputs)
x = residual_block(x, 16, ("res1_a", "res1_b"))
x = layers.Conv2D(24, 3, strides=2, padding="same", activation="relu", name="down")(x)
x = residual_block(x, 24, ("res2_a", "res2_b"))
x = layers.Conv2D(64, 3, padding="same", activation="relu", name="last_conv")(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)

model = keras.Model(inputs, outputs, name="tiny_resnet")
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

print("loss per epoch:", np.round(results.history["loss"], 3))
print("on new digits: ", model.evaluate(x_test, y_test, verbose=0, return_dict=True))

# %% ascent
layer_name = "last_conv"
number_of_filters = 64
visualized_feature = []

extractor = keras.Model(inputs=inputs, outputs=model.get_layer(layer_name).output)


@tf.function
def update_image(image, index):
    with tf.GradientTape() as tape:
        activation = tf.reduce_mean(extractor(image)[:, :, :, index])
    gradient = tape.gradient(activation, image)
    image.assign_add(step_size * normalize(gradient))
    return activation


image = tf.Variable(tf.zeros((1, 28, 28, 1)))  # one variable, filled with new noise for every filter

for index in range(number_of_filters):
    image.assign(tf.random.uniform(image.shape))
    for _ in range(gradient_updates):
        activation = update_image(image, tf.convert_to_tensor(index))
    visualized_feature.append(image.numpy())
    print(index, activation.numpy(), end="; ")

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12), constrained_layout=True)
axes = axes.flatten()

for index in range(number_of_filters):
    picture = deprocess_image(visualized_feature[index].copy())
    axes[index].imshow(picture.squeeze(), cmap="gray")
    axes[index].set_title("feature " + str(index), fontsize=9)
    axes[index].axis("off")

plt.show()
