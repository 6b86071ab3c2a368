# The network has a single linear output, fitted to the digit as a number (regression). It does not give ten
# probabilities, so that nothing can be read off in the way that is asked for; rounding works for part of
# the digits. The convolutions and everything after the training are right.
#
# /// label
# cnn = ["partial", "fail"]
# training = ["fail", "partial", "review"]
#
# [feedback_mentions]
# cnn = ["ten"]
#
# [causes]
# cnn = "other_output_length"
# ///

# %% cnn
model = keras.models.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, activation='relu', padding='same', name='conv2d'))
model.add(layers.MaxPooling2D(2))
model.add(layers.Conv2D(16, 3, activation='relu', padding='same', name='conv2d_1'))
model.add(layers.Conv2D(32, 3, activation='relu', padding='same', name='conv2d_2'))
model.add(layers.Conv2D(64, 3, activation='relu', padding='same', name='conv2d_3'))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(32, activation='relu'))
model.add(layers.Dense(1))     # the digit
model.summary()

# %% train
digit_train = np.argmax(y_train, axis=1).astype('float32')
digit_test = np.argmax(y_test, axis=1)

model.compile(optimizer='adam', loss='mse', metrics=['mae'])
results = model.fit(x_train, digit_train, epochs=3, batch_size=32, verbose=2)

guess = np.rint(model.predict(x_test, verbose=0)[:, 0])
print('right after rounding:', np.mean(guess == digit_test))

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64
visualized_feature = []

submodel = keras.Model(model.inputs, model.get_layer(layer_name).output)

# all filters at the same time, one image per filter
imgs = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1)))
which = tf.eye(number_of_filters)

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(submodel(imgs), axis=[1, 2])    # (image, filter)
        loss = tf.reduce_sum(means * which)
    g = tape.gradient(loss, imgs)
    rms = tf.sqrt(tf.reduce_mean(tf.square(g), axis=[1, 2, 3], keepdims=True))
    imgs.assign_add(step_size * g / (rms + KTF.epsilon()))
    if update % 10 == 9:
        print(update + 1, float(loss) / number_of_filters)

for i in range(number_of_filters):
    visualized_feature.append(imgs[i].numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(8):
    for j in range(8):
        n = 8 * i + j
        plt.subplot(8, 8, n + 1)
        plt.imshow(deprocess_image(visualized_feature[n].copy())[:, :, 0], cmap='gray')
        plt.title(f'feature {n}')
        plt.xticks([])
        plt.yticks([])

plt.show()
