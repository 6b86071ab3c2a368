# An ordinary first convolution and four separable ones, with the activation swish. The layer that is looked
# into is separable too, and has another name than in the skeleton. A separable convolution counts as one:
# five in all.
#
# /// label
# ///

# %% cnn
# separable = first each channel by itself (3x3), then mixing of the channels (1x1), needs far fewer weights
SEP = dict(kernel_size=3, padding="same", activation="swish")

inputs = layers.Input(shape=(28, 28, 1))
z = layers.Conv2D(12, 3, padding="same", activation="swish", name="conv2d")(inputs)
z = layers.MaxPooling2D()(z)
z = layers.SeparableConv2D(24, name="sep_1", **SEP)(z)
z = layers.SeparableConv2D(32, name="sep_2", **SEP)(z)
z = layers.MaxPooling2D()(z)
z = layers.SeparableConv2D(48, name="sep_3", **SEP)(z)
z = layers.SeparableConv2D(64, name="sep_4", **SEP)(z)
z = layers.Flatten()(z)
outputs = layers.Dense(10, activation="softmax")(z)
model = keras.Model(inputs, outputs)
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.002), loss="categorical_crossentropy",
              metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)
print(f"test accuracy {model.evaluate(x_test, y_test, verbose=0)[1]:.3f}")

# %% ascent
layer_name = "sep_4"
number_of_filters = 64
visualized_feature = []

up_to_sep_4 = keras.Model(inputs, model.get_layer(layer_name).output)


@tf.function
def one_step(picture, i):
    with tf.GradientTape() as tape:
        tape.watch(picture)
        # one_hot picks the map number i
        maps = up_to_sep_4(picture)
        signal = tf.reduce_mean(tf.reduce_sum(maps * tf.one_hot(i, number_of_filters), axis=-1))
    return step_size * normalize(tape.gradient(signal, picture)), signal


for i in tf.range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        step, signal = one_step(input_img.value(), i)
        input_img.assign_add(step)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
position = 1
for feature in visualized_feature:
    plt.subplot(8, 8, position)
    plt.imshow(deprocess_image(feature.copy()).squeeze(), cmap="gray")
    plt.title(f"feature {position - 1}", fontsize=9)
    plt.axis("off")
    position += 1
plt.tight_layout()
plt.show()
